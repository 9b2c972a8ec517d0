/** The filters of a dashboard as one form, which works without script: what is chosen is the address of the page. */
import { own } from '../base/own.ts'
import { html, NOTHING } from '../drawing/html.ts'
import type { Reading } from '../drawing/reading.ts'
import type { Filter } from '../publication/dashboard.ts'
import type { Html } from './context.ts'
import type { Choice } from './filters.ts'
import { say } from './texts.ts'

interface FormFacts {
  readonly action: string
  readonly filters: readonly Filter[]
  readonly choices: ReadonlyMap<string, Choice>
  /** The options of a list, where they are not its own. */
  readonly options: (filter: Filter) => readonly string[]
  readonly ignored: readonly string[]
  /** Whether something other than the default is chosen. */
  readonly isChanged: boolean
  readonly reading: Reading
}

export function filterForm(facts: FormFacts): Html {
  const { action, filters, ignored, isChanged, reading } = facts
  const { language } = reading
  if (filters.length === 0) return NOTHING
  const names = filters.filter(({ key }) => ignored.includes(key)).map(({ label }) => label)
  return html`<form class="v-filters" method="get" action="${action}" role="search" aria-label="${say(language, 'filters')}">
${filters.map((filter) => field(filter, facts))}
<p class="v-do"><button>${say(language, 'apply')}</button>${isChanged && html` <a href="${action}">${say(language, 'reset')}</a>`}</p>
</form>
${names.length > 0 && html`<p class="v-ignored" role="status">${say(language, 'ignored', names.join(', '))}</p>`}`
}

function field(filter: Filter, facts: FormFacts): Html {
  const { key, label, kind, required } = filter
  const { choices, reading } = facts
  const choice = choices.get(key) ?? []
  const [first = '', last = ''] = choice
  const { language } = reading
  const input = (type: string, name: string, value: string, words: string) =>
    html`<label>${words} <input type="${type}" name="${name}" value="${value}"${required === true && html` required`}></label>`
  switch (kind) {
    case 'list':
      return list(filter, choice, facts)
    case 'date':
      return html`<fieldset><legend>${label}</legend><div class="v-range">${input('date', `${key}.from`, first, say(language, 'from'))} ${input('date', `${key}.to`, last, say(language, 'to'))}</div></fieldset>`
    case 'boolean':
      return html`<label>${label} <select name="${key}"><option value="">${say(language, 'all')}</option>${[
        'true',
        'false',
      ].map(
        (value) =>
          html`<option value="${value}"${first === value && html` selected`}>${say(language, value === 'true' ? 'yes' : 'no')}</option>`,
      )}</select></label>`
    case 'month':
      return input('month', key, first, label)
    case 'number':
      return html`<label>${label} <input type="text" inputmode="decimal" name="${key}" value="${first}"></label>`
    case 'text':
      return input('search', key, first, label)
  }
}

/** Beyond so many options, one types. */
const MOST_BOXES = 60

function list(filter: Filter, choice: Choice, { options, reading }: FormFacts): Html {
  const { key, label, names = {} } = filter
  const { language } = reading
  const called = (option: string) => own(names, option) ?? option
  // What is chosen stays to be seen, although nothing has it any more.
  const offered = [...new Set([...options(filter), ...choice])]
  const told =
    choice.length === 0
      ? say(language, 'all')
      : choice.length === 1
        ? called(choice[0] ?? '')
        : say(language, 'chosen', choice.length)
  const boxes = offered
    .slice(0, MOST_BOXES)
    .map(
      (option) =>
        html`<label><input type="checkbox" name="${key}" value="${option}"${choice.includes(option) && html` checked`}> ${called(option)}</label>`,
    )
  return html`<details class="v-list"><summary><span>${label}</span> <b>${told}</b></summary><fieldset><legend class="v-hidden">${label}</legend><input type="hidden" name="${key}" value="">${boxes}</fieldset></details>`
}
