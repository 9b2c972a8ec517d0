import { expect, test } from 'vitest'
import { ERRORS, EXIT, VitrineError } from '../../src/base/errors.ts'
import { command, remedy, remedyText } from '../../src/base/remedy.ts'
import { failureJson, failureOf, failureText } from '../../src/cli/failure.ts'

const none = () => null
const text = (thrown: unknown) => failureText(failureOf(thrown, none))

test('an error of the registry: code, what, where, each finding with its remedy, what to do', () => {
  const error = new VitrineError('TABLE_SHRANK', {
    place: 'target',
    detail: 'Two tables.',
    problems: [
      { place: 'shop_customer', detail: '100 rows before, 20 now; 20 % may go' },
      { place: 'shop_purchase', detail: '9 rows before, 0 now', remedy: 'look at the source' },
    ],
  })
  expect(text(error)).toMatchInlineSnapshot(`
    "error TABLE_SHRANK: A table lost more rows than allowed. Two tables.
      where: target
      - shop_customer: 100 rows before, 20 now; 20 % may go
      - shop_purchase: 9 rows before, 0 now
        → look at the source
      what to do: If the loss is real, run again with --allow-shrink; the previous version stays.
    "
  `)
})

test('SQL to paste stays on its own lines', () => {
  const error = new VitrineError('PRIVILEGE_MISSING', { remedy: '-- by admin:\ngrant x;', sqlState: '42501' })
  expect(text(error)).toMatchInlineSnapshot(`
    "error PRIVILEGE_MISSING: A role lacks a privilege. SQLSTATE 42501.
      what to do: 
        -- by admin:
        grant x;
    "
  `)
})

test('an error that nobody expected shows its name and no word of its own', () => {
  const thrown = Object.assign(new RangeError('row (canary@example.org, secret)'), { detail: 'canary' })
  expect(text(thrown)).toMatchInlineSnapshot(`
    "error INTERNAL: The tool met a case it does not know. (RangeError)
      what to do: Report it with the code and the phase; nothing was published.
    "
  `)
  expect(text('canary')).not.toContain('canary')
  expect(JSON.stringify(failureJson(failureOf(thrown, none)))).not.toContain('canary')
})

test('an error that names itself is told by its kind', () => {
  for (const [thrown, kind] of [
    [Object.assign(new TypeError('x'), { name: 'canary' }), 'TypeError'],
    [Object.assign(new Error('x'), { name: 'canary' }), 'Error'],
    [new (class canary extends Error {})('x'), 'Error'],
  ] as const) {
    expect(text(thrown)).toContain(`case it does not know. (${kind})`)
    expect(text(thrown)).not.toContain('canary')
  }
})

test('the cause of an error is never shown', () => {
  const error = new VitrineError('KEY_DUPLICATE', { place: 't.c', cause: new Error('Key (c)=(canary) already exists') })
  expect(text(error) + JSON.stringify(failureJson(failureOf(error, none)))).not.toContain('canary')
})

test('a name with control characters does not drive the terminal', () => {
  expect(text(new VitrineError('USAGE', { place: 'a\x1b[2Jb\rc' }))).toContain('where: a�[2Jb�c')
})

test('remedies name commands as the program calls them', () => {
  const names = (command: string) => `shop ${command}s`
  const problems = [{ place: 'x', detail: 'y', remedy: remedy`run ${command('migrate', '--new-source')} first` }]
  const failure = failureOf(new VitrineError('STALE', { problems }), none, names)
  expect(failure.remedy).toBe('See `shop statuss`, and run `shop syncs`.')
  expect(failure.problems).toEqual([{ place: 'x', detail: 'y', remedy: 'run `shop migrates --new-source` first' }])
  for (const { hint } of Object.values(ERRORS)) expect(remedyText(hint, names)).not.toMatch(/`vitrine /)
})

test('every code of the registry can be told, and ends with a known status', () => {
  for (const code of Object.keys(ERRORS)) {
    // sound because the keys of the registry are its codes.
    const failure = failureOf(new VitrineError(code as keyof typeof ERRORS), none)
    expect(failureText(failure)).toMatch(new RegExp(`^error ${code}: .+\n {2}what to do: .+\n$`))
    expect(EXIT[failure.exit]).toBeTypeOf('number')
  }
})

test('the object of --json', () => {
  expect(failureJson(failureOf(new VitrineError('RUN_IN_PROGRESS', { place: 'target' }), none))).toEqual({
    error: {
      code: 'RUN_IN_PROGRESS',
      what: 'Another run holds the lock.',
      place: 'target',
      detail: null,
      sqlState: null,
      problems: [],
      remedy: 'Wait for it to end; `vitrine status` shows it.',
      exit: 'busy',
      retry: true,
    },
  })
})

test('errors of another package are put into its words', () => {
  const failure = { ...failureOf(new VitrineError('USAGE'), none), code: 'OTHER', what: 'Something else.' }
  expect(failureText(failureOf(new Error('x'), () => failure))).toContain('error OTHER: Something else.')
})
