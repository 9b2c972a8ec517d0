/**
 * What the demonstration's sources know: the facts of the sample, and for any other company facts drawn from its siren, so
 * that the same question always has the same answer. Nothing here comes from the real sources. Read by `demo-server.ts`.
 */
import { createHash } from 'node:crypto'
import type { ClientBase } from 'pg'

export interface DemoLine {
  readonly siren: string
  /** `YYYY-MM-DD`. */
  readonly date: string
}

/** `trouble`: the source fails for this company, whatever is tried. */
export type DemoAnswer = { readonly etat: 'connu'; readonly body: string } | { readonly etat: 'absent' | 'trouble' }

export interface DemoFacts {
  egapro(siren: string, annee: number): DemoAnswer
  /** The lines of the BGES file, in its order. */
  bges(): Iterable<DemoLine>
}

/** Shares of the answers for a company that the sample does not have: 70 % published, 28 % not, 2 % in trouble. */
const PUBLISHED = 0.7
const ANSWERED = 0.98

/** A number in [0, 1[ that depends on the text alone. */
export const draw = (text: string): number => createHash('sha256').update(text).digest().readUInt32BE() / 2 ** 32

/** Drawn from the siren alone. */
export function drawnAnswer(siren: string, annee: number): DemoAnswer {
  const chance = draw(`egapro ${siren} ${annee}`)
  if (chance >= ANSWERED) return { etat: 'trouble' }
  if (chance >= PUBLISHED) return { etat: 'absent' }
  const index = 55 + Math.floor(draw(`index ${siren} ${annee}`) * 46)
  const effectif = 50 + Math.floor(draw(`effectif ${siren}`) * 850)
  return {
    etat: 'connu',
    body: JSON.stringify({
      entreprise: {
        siren,
        raison_sociale: `Société Exemple ${siren}`,
        effectif: { total: effectif, tranche: '50:250' },
      },
      indicateurs: {},
      déclaration: { index, année_indicateurs: annee },
    }),
  }
}

/**
 * The facts that the sample put into the tables, so that a first fetch from the demonstration's source finds what is there.
 * @param client of an operational database that holds the sample, before any fetch.
 */
export async function sampleFacts(client: ClientBase): Promise<DemoFacts> {
  const egapro = await client.query<{ siren: string; annee: number; etat: string; body: string | null }>(
    `select siren, annee, etat, reponse_api::text as body from public.feeds_egapro`,
  )
  const lines = await client.query<DemoLine>(
    `select siren, dt_publication::text as date from public.feeds_bges order by siren, dt_publication`,
  )
  const answers = new Map(
    egapro.rows.map(({ siren, annee, etat, body }) => [`${siren} ${annee}`, answerOf(etat, body)]),
  )
  return Object.freeze({
    egapro: (siren: string, annee: number) => answers.get(`${siren} ${annee}`) ?? drawnAnswer(siren, annee),
    bges: () => lines.rows,
  })
}

function answerOf(etat: string, body: string | null): DemoAnswer {
  if (etat === 'connu' && body !== null) return { etat: 'connu', body }
  return { etat: etat === 'absent' ? 'absent' : 'trouble' }
}
