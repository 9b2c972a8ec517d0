/** What stands on the page while its dashboards are being written: what is wrong, in the place where it is wrong. */
import { ERRORS, type Problem } from '../base/errors.ts'
import { remedyText } from '../base/remedy.ts'
import { html, NOTHING } from '../drawing/html.ts'
import type { Question } from '../publication/dashboard.ts'
import type { Html, Routes, Watch } from './context.ts'

/** `GET /edition?after=N`, which the script of the page asks for while it is watched: it is answered when there is another. */
export const watchPlace: Routes = (app, { watch }) => {
  if (watch === null) return
  app.get('/edition', async (call) => {
    await watch.after(Number(call.req.query('after') ?? Number.NaN))
    return call.text(String(watch.edition))
  })
}

export const failureNote = (watch: Watch | null): Html => {
  const failure = watch?.failure ?? null
  if (failure === null) return NOTHING
  return html`<p class="v-flaw" role="alert"><b>${failure.code}</b> ${ERRORS[failure.code].what} ${failure.detail}</p>`
}

const list = (problems: readonly Problem[]): Html =>
  html`<ul class="v-flaw">${problems.map(({ detail, remedy }) => html`<li>${detail}${remedy !== undefined && html` → ${remedyText(remedy)}`}</li>`)}</ul>`

export const flawsOf = (watch: Watch | null, kind: 'question' | 'dashboard', key: string): readonly Problem[] =>
  watch?.problems(`${kind} ${key}`) ?? []

/** The card of a question that `check` refuses: it is not asked. */
export const flawedCard = ({ key, title }: Question, problems: readonly Problem[]): Html =>
  html`<article class="v-card v-is-failed" id="q-${key}"><h3>${title}</h3>${list(problems)}</article>`

export const flawedBoard = list
