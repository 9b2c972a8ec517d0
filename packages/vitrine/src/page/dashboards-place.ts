/** The place of the dashboards: the list, and one dashboard with its filters. */
import { html } from '../drawing/html.ts'
import type { Routes } from './context.ts'
import { say } from './texts.ts'

export const dashboardsPlace: Routes = (app, context) => {
  const { prefix, publication } = context
  app.get('/dashboards', (call) => {
    const title = say(call.var.visitor.reading.language, 'dashboards')
    const content = html`<h1>${title}</h1><ul>${publication().dashboards.map(
      ({ key, title: name, description }) =>
        html`<li><a href="${prefix}/dashboards/${key}">${name}</a> ${description}</li>`,
    )}</ul>`
    return context.show(call, content, { title, place: 'dashboards' })
  })
}
