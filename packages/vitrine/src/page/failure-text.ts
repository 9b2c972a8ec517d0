/** Why something failed and what to do, in the words of whoever reads: the registry of errors speaks English alone. */
import { ERRORS, type ErrorCode, type ExitName } from '../base/errors.ts'
import { own } from '../base/own.ts'
import { command, type Remedy } from '../base/remedy.ts'
import type { Line, Part } from '../dictionary/page.ts'
import { paragraph } from '../dictionary/wording.ts'
import type { PlaceText } from './place-texts.ts'
import type { Telling } from './telling.ts'

/** What an error of each kind means; its own sentence is in the registry, and in English. */
const MEANS: Readonly<Partial<Record<ExitName, PlaceText>>> = {
  connection: 'meansConnection',
  privilege: 'meansPrivilege',
  definition: 'meansDefinition',
  drift: 'meansDrift',
  data: 'meansData',
  busy: 'meansBusy',
  interrupted: 'meansInterrupted',
  usage: 'meansUsage',
}

/** Where the kind says too little, or another thing. */
const OWN_MEANS: Readonly<Partial<Record<ErrorCode, PlaceText>>> = {
  PRIVACY_VIOLATION: 'meansPrivacy',
  K_ANONYMITY: 'meansSmallGroups',
  TABLE_SHRANK: 'meansShrank',
  SOURCE_EMPTY: 'meansShrank',
  SOURCE_DRIFT: 'meansSourceDrift',
  SWITCH_BLOCKED: 'meansSwitchBlocked',
  SOURCE_FULL: 'meansFull',
  TARGET_FULL: 'meansFull',
}

/** Commands that help where the registry names none. */
const OTHERWISE: Readonly<Partial<Record<ExitName, Remedy>>> = {
  privilege: command('doctor'),
  connection: command('doctor'),
  definition: command('check'),
  drift: command('plan'),
  usage: command('check'),
}

const kindOf = (code: string) => own(ERRORS as Readonly<Record<string, (typeof ERRORS)[ErrorCode]>>, code)

export function errorMeaning(code: string, { language, say }: Telling): string {
  const kind = kindOf(code)
  const key = own<PlaceText>(OWN_MEANS as Readonly<Record<string, PlaceText>>, code) // sound because its keys are texts.
  const words = say(key ?? MEANS[kind?.exit ?? 'internal'] ?? 'meansInternal')
  return language === 'en' && kind !== undefined && key === undefined ? kind.what : words
}

/** What happened, where, and what to do, with the commands to copy. `again` is what is tried when the cause is mended. */
export function failureParts(
  code: string,
  place: string | null,
  again: readonly Remedy[],
  telling: Telling,
): readonly Part[] {
  const { say, commands } = telling
  const kind = kindOf(code)
  const named = kind === undefined ? [] : commands(kind.hint)
  const other = OTHERWISE[kind?.exit ?? 'internal']
  const first = named.length > 0 || other === undefined ? named : commands(other)
  const lines: readonly Line[] = [...first, ...again.flatMap(commands)]
  // The place of a connection is an address, which a page tells nobody.
  const where = kind?.exit === 'connection' ? null : place
  const hint = telling.language === 'en' && typeof kind?.hint === 'string' ? ` ${kind.hint}` : ''
  return [
    paragraph(
      `${errorMeaning(code, telling)}${hint}`,
      ...(where === null ? [] : [` ${say('there')} `, { code: where }, '.']),
    ),
    paragraph(say('doThis')),
    { kind: 'list', lines: [...new Map(lines.map((line) => [JSON.stringify(line), line])).values()] },
    paragraph(say('codeSays'), ' ', { code }),
  ]
}
