/**
 * Ce que les tableaux de bord répondent, lus comme le lecteur sur une publication de taille M, et L avec `npm run test:all` (la
 * taille S l’est dans Metabase, par le guide d’exploitation) : chaque question donne les
 * lignes d’une requête écrite à la main (`reference.sql`), que le code des questions ne connaît pas.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mbqlOf } from '../../../packages/vitrine/src/dashboards/mbql.ts'
import { questionSql } from '../../../packages/vitrine/src/dashboards/sql.ts'
import { importHistory } from '../../../packages/vitrine/src/history/history-import.ts'
import { type Question, questionsOf } from '../../../packages/vitrine/src/publication/dashboard.ts'
import { knownFrom, mbqlToSql } from '../../../packages/vitrine/test/metabase/mbql.ts'
import { VERSIONS } from '../../../test/database.ts'
import { EVERYTHING } from '../../../test/thoroughness.ts'
import { tableaux } from '../../dashboards/index.ts'
import { historique } from '../../database/historique.ts'
import { ImpactInstallation, NOON } from '../publication/installation.ts'

interface Reference {
  readonly cle: string
  readonly tableau: string
  readonly affichage: string
  readonly titre: string
  readonly sql: string
}

/** Chaque requête de référence, sous sa ligne « clé | tableau | affichage | titre ». */
const REFERENCES = readFileSync(join(import.meta.dirname, 'reference.sql'), 'utf8')
  .split('-- @ ')
  .slice(1)
  .map((bloc): Reference => {
    const [tete = '', ...lignes] = bloc.split('\n')
    const [cle = '', tableau = '', affichage = '', titre = ''] = tete.split(' | ')
    return { cle, tableau, affichage, titre, sql: lignes.join('\n').trim().replace(/;$/, '') }
  })

const questions = questionsOf(tableaux)
let impact: ImpactInstallation
let lecteur: pg.Client

type Ligne = Readonly<Record<string, string | null>>

/** Les lignes en textes ; l’heure de maintenant est celle des données. */
async function lues(sql: string): Promise<readonly Ligne[]> {
  const text = sql.replaceAll('now()', `timestamptz '${NOON.toISOString()}'`)
  const { rows } = await lecteur.query<Ligne>({ text, types: { getTypeParser: () => String } })
  return rows
}

/** Les colonnes de la question, et sans les petits groupes qu’elle ne montre pas. */
function attendues({ query }: Question, reference: readonly Ligne[], colonnes: readonly string[]): readonly Ligne[] {
  const [effectif] = query.kind === 'structured' ? Object.keys(query.measures) : []
  const seuil = query.kind === 'structured' ? (query.smallest ?? 0) : 0
  return reference
    .filter((ligne) => seuil === 0 || Number(ligne[effectif ?? '']) >= seuil)
    .map((ligne) => Object.fromEntries(colonnes.map((nom) => [nom, ligne[nom] ?? null])))
}

const triees = (lignes: readonly Ligne[]): readonly string[] =>
  lignes.map((ligne) => JSON.stringify(Object.entries(ligne).toSorted())).toSorted()

test('chaque question de référence est posée, sous son titre, par son affichage et sur son tableau', () => {
  const tableauDe = (question: Question) => tableaux.find((tableau) => questionsOf([tableau]).includes(question))?.key
  const posees = questions.map((question) => [question.key, tableauDe(question), question.display.kind, question.title])
  expect(posees.toSorted()).toEqual(
    REFERENCES.map(({ cle, tableau, affichage, titre }) => [cle, tableau, affichage, titre]).toSorted(),
  )
})

const RAISONS: readonly string[] = [
  'it counts from the day of the data, and Metabase from now',
  'Metabase rounds a median otherwise',
]

/** Celle dont l’historique a ses chiffres ci-dessous, et celle qui prend son temps. */
const TAILLES = EVERYTHING ? (['M', 'L'] as const) : (['M'] as const)

describe.each(TAILLES)('à la taille %s', (taille) => {
  beforeAll(async () => {
    impact = await ImpactInstallation.create(VERSIONS[0] ?? 18, taille)
    const { publication } = impact
    const options = { replace: false, dryRun: false }
    await impact.run()
    await impact.asWriter(async (session) =>
      importHistory({ session, publication }, 'metabase_stats', await historique(session), options),
    )
    // Un échec dans le journal, comme celui d’une nuit.
    await impact.change('alter table users_user rename last_login to vu_le')
    await expect(impact.run()).rejects.toMatchObject({ code: 'SOURCE_DRIFT' })
    await impact.change('alter table users_user rename vu_le to last_login')
    await impact.run()
    // L’échantillon est celui d’un jour fixe, que l’horloge du serveur ne connaît pas.
    await impact.look(`update vitrine.freshness set data_of = '${NOON.toISOString()}'`)
    lecteur = await impact.reader()
    await lecteur.query("set timezone = 'UTC'")
  }, 600_000)
  afterAll(() => impact.drop())

  test.each(REFERENCES.map(({ cle, sql }) => [cle, sql]))(
    '%s répond ce que dit la requête de référence',
    async (cle, sql) => {
      const question = questions.find(({ key }) => key === cle)
      if (question === undefined) throw new Error('pas de question')
      const reponse = await lues(questionSql(question.query, { publication: impact.publication }))
      expect(reponse.length).toBeGreaterThan(0)
      const colonnes = Object.keys(reponse[0] ?? {})
      expect(triees(reponse)).toEqual(triees(attendues(question, await lues(sql), colonnes)))
    },
  )

  test('celles dans lesquelles Metabase sait descendre y répondent les mêmes lignes, les autres disent pourquoi', async () => {
    const raisons = new Set<string>()
    const memes: string[] = []
    const valeur = (texte: string | null | undefined) => {
      const jour = /^(\d{4}-\d\d-\d\d)(?: 00:00:00(?:\+\d\d)?)?$/.exec(texte ?? '')
      return jour === null && texte != null && /^-?[\d.]+$/.test(texte)
        ? String(Number(texte))
        : (jour?.[1] ?? texte ?? null)
    }
    for (const { key, query } of questions) {
      const mbql = mbqlOf(query, impact.publication)
      if ('reason' in mbql) {
        if (query.kind === 'structured') raisons.add(mbql.reason)
        continue
      }
      await lecteur.query("set timezone = 'Europe/Paris'")
      const metabase = await lues(mbqlToSql(mbql.stages, knownFrom(impact.publication)))
      await lecteur.query("set timezone = 'UTC'")
      const directe = await lues(questionSql(query, { publication: impact.publication }))
      const texte = (lignes: readonly (readonly (string | null | undefined)[])[]) =>
        lignes.map((ligne) => ligne.map(valeur).join(' | ')).toSorted()
      const lue = texte(metabase.map((ligne) => mbql.shown.map((nom) => ligne[nom])))
      expect([key, lue]).toEqual([key, texte(directe.map((ligne) => Object.values(ligne)))])
      memes.push(key)
    }
    expect(memes.length).toBeGreaterThan(29)
    expect([...raisons].filter((raison) => !RAISONS.includes(raison))).toEqual([])
  })

  test.runIf(taille === 'M')(
    'l’historique d’une démonstration : un jour par nuit, une dent chaque janvier, et il rejoint le jour publié',
    async () => {
      const jours = await impact.look<{ readonly jour: string; readonly [nom: string]: unknown }>(
        `select date::text as jour, * from impact.metabase_stats order by date`,
      )
      const de = (jour: string) => jours.find((ligne) => ligne.jour === jour)
      expect([jours[0]?.jour, jours.length]).toEqual(['2023-11-28', 965])
      const part = (jour: string) =>
        Number(de(jour)?.['reglementations_a_jour']) / Number(de(jour)?.['reglementations_statut_connu'])
      for (const an of [2024, 2025, 2026]) {
        expect(part(`${an}-01-02`)).toBeLessThan(0.5 * part(`${an - 1}-12-30`))
        expect(part(`${an}-03-02`)).toBeGreaterThan(3 * part(`${an}-01-02`))
      }
      const [veille, publie] = jours.slice(-2)
      for (const [nom, valeur] of Object.entries(publie ?? {})) {
        if (nom === 'jour' || nom === 'date' || nom === 'id') continue
        expect([nom, Math.abs(Number(valeur) - Number(veille?.[nom])) <= 2 + 0.03 * Number(valeur)]).toEqual([
          nom,
          true,
        ])
        expect([nom, jours.every((ligne) => ligne[nom] !== null)]).toEqual([nom, true])
      }
      for (const nom of ['entreprises', 'entreprises_inscrites', 'comptes', 'vsme_rapports', 'egapro_connu']) {
        const baisses = jours.filter((ligne, rang) => rang > 0 && Number(ligne[nom]) < Number(jours[rang - 1]?.[nom]))
        expect([nom, baisses.length]).toEqual([nom, 0])
      }
    },
  )
})
