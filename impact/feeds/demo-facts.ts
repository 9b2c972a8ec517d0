/**
 * The facts of the demonstration's sources: those of the sample, and for any other company facts derived from its siren, so
 * that the same question always has the same answer. Nothing comes from the real sources. Used by `demo-server.ts`.
 */
import { createHash } from 'node:crypto'
import type { ClientBase } from 'pg'

export interface DemoLine {
  readonly siren: string
  /** `YYYY-MM-DD`. */
  readonly date: string
}

/** `trouble`: the source always fails for this company. */
export type DemoAnswer = { readonly etat: 'connu'; readonly body: string } | { readonly etat: 'absent' | 'trouble' }

export interface DemoFacts {
  egapro(siren: string, annee: number): DemoAnswer
  /** The lines of the BGES file, in its order. */
  bges(): Iterable<DemoLine>
}

/** For companies outside the sample: 70 % published, 28 % not, 2 % in trouble. */
const PUBLISHED = 0.7
const ANSWERED = 0.98

/** A number from 0 to below 1 that depends only on the text. */
export const draw = (text: string): number => createHash('sha256').update(text).digest().readUInt32BE() / 2 ** 32

/** The same answer each time for a siren and a year. */
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
 * The facts that the sample put into the tables, so that a first fetch from the demonstration's source changes nothing.
 * @param client connected to an operational database with the sample, before any fetch.
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
