/** What an operator may start from the page: the same runs as the commands. The lock on the target decides between two people. */
import { asVitrineError, type ErrorCode } from '../base/errors.ts'
import type { Routes } from './context.ts'
import { message } from './login.ts'
import { say } from './texts.ts'

/** `POST /actions/sync` and `/actions/rollback`; who may and from where was asked before. */
export const actionsPlace: Routes = (app, { actions, prefix, show }) => {
  for (const name of ['sync', 'rollback'] as const) {
    const start = actions[name]
    app.post(`/actions/${name}`, async (call) => {
      const { language } = call.var.visitor.reading
      if (start === null) return call.notFound()
      let code: ErrorCode | null = null
      await start().catch((thrown: unknown) => {
        code = asVitrineError(thrown).code
      })
      if (code === null) return call.redirect(`${prefix}/runs`, 303)
      const isBusy = code === 'RUN_IN_PROGRESS'
      const title = say(language, isBusy ? 'busy' : 'notStarted')
      const content = message(title, say(language, isBusy ? 'busyDetail' : 'notStartedDetail', code))
      return show(call, content, { title, place: 'runs', status: isBusy ? 409 : 422 })
    })
  }
}

/** A run whose beginning can be waited for apart from its end. */
export function begun(run: (began: () => void) => Promise<unknown>, ended: (thrown: unknown) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    run(resolve).then(
      () => resolve(),
      (thrown: unknown) => {
        reject(thrown)
        ended(thrown)
      },
    )
  })
}
