/** What the sample holds: nobody real, every limit case at the smallest size, the key figures and shares of the middle one. */
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { migrateOperational } from '../../database/migrate.ts'
import { loadSample, SAMPLE_TABLES } from '../../database/sample.ts'
import { type Cluster, startCluster } from './cluster.ts'
import { type Figures, figuresOf } from './figures.ts'
import { ANNEE, compte, LIMIT_CASES } from './limit-cases.ts'

let cluster: Cluster
let small: pg.Client
let medium: pg.Client
let outage: pg.Client

beforeAll(async () => {
  cluster = await startCluster(18)
  const load = async (size: 'S' | 'M', feeds: 'available' | 'unavailable') => {
    const client = await cluster.create(`${size}_${feeds}`.toLowerCase())
    await migrateOperational(client)
    await loadSample(client, { size, today: `${ANNEE}-07-22`, feeds })
    return client
  }
  small = await load('S', 'available')
  medium = await load('M', 'available')
  outage = await load('S', 'unavailable')
})

afterAll(() => cluster?.stop())

async function cell(client: pg.Client, sql: string): Promise<unknown> {
  const { rows } = await client.query<unknown[]>({ text: sql, rowMode: 'array' })
  return rows[0]?.[0]
}

test.each(LIMIT_CASES)('cas limite, taille S : %s', async (_name, sql, expected) => {
  expect(await cell(small, sql)).toEqual(expected)
})

describe('nobody real', () => {
  test('no siren passes the Luhn check, and each has nine digits', async () => {
    const luhn = `(select sum(case when p % 2 = 0 then d * 2 - case when d > 4 then 9 else 0 end else d end)
      from generate_series(1, 9) p cross join lateral (select substr(siren, p, 1)::integer as d) as digit) % 10 = 0`
    for (const table of ['entreprises_entreprise', 'feeds_egapro', 'feeds_bges']) {
      expect(await cell(medium, `select count(*)::integer from ${table} where siren !~ '^[0-9]{9}$' or ${luhn}`)).toBe(
        0,
      )
    }
  })

  test('no address leaves .test and example.org, in whatever table', async () => {
    for (const table of SAMPLE_TABLES) {
      const outside = `select count(*)::integer from ${table} t
        cross join lateral regexp_matches(t::text, '@[^\\s",\\\\)]+', 'g') as m
        where m[1] !~ '(\\.test|@example\\.org)$'`
      expect([table, await cell(medium, outside)]).toEqual([table, 0])
    }
  })

  test('no link leaves .test', async () => {
    const outside = `select count(*)::integer from reglementations_rapportcsrd where lien_rapport !~ '^(https://www\\.societe-[0-9]+\\.test/|$)'`
    expect(await cell(medium, outside)).toBe(0)
  })

  test('no password can be used', async () => {
    expect(await cell(medium, "select count(*)::integer from users_user where password not like '!%'")).toBe(0)
  })

  test('companies are named by number, sole traders alone by a made-up person', async () => {
    const { rows } = await medium.query<{ id: string }>(`select id from entreprises_entreprise
      where (denomination !~ '^Société Exemple \\d{4,}') <> coalesce(categorie_juridique_sirene = 1000, false) and id <> 1`)
    expect(rows).toEqual([])
  })
})

describe('une nuit sans source', () => {
  test('aucune entreprise n’est à jour ni absente, et les relevés le disent', async () => {
    expect((await figuresOf(outage, ANNEE)).egaproInconnu).toBe((await figuresOf(outage, ANNEE)).sujetsBdese)
    expect(await cell(outage, compte('feeds_bges'))).toBe(0)
    expect(await cell(outage, "select array_agg(source || ' ' || etat order by source) from feeds_releve")).toEqual([
      'bges inconnu',
      'egapro inconnu',
    ])
  })
})

describe('taille M', () => {
  // Tolerance: three standard deviations of a draw with these shares, rounded up.
  test.each<[keyof Figures, number, number]>([
    ['entreprises', 5000, 0],
    ['inscrites', 3500, 100],
    ['evaluees', 2800, 110],
    ['avecEffectif', 2770, 110],
    ['sujetsBdese', 1660, 100],
    ['sujetsBges', 385, 55],
    ['bdeseAJour', 100, 30],
    ['bdeseEnCours', 230, 45],
    ['egaproAJour', 1160, 80],
    ['egaproInconnu', 33, 18],
    ['bgesAJour', 175, 40],
  ])('%s : %i à %i près', async (name, expected, tolerance) => {
    const figure = (await figuresOf(medium, ANNEE))[name]
    expect(figure).toBeGreaterThanOrEqual(expected - tolerance)
    expect(figure).toBeLessThanOrEqual(expected + tolerance)
  })

  const part = (condition: string, table: string) =>
    `select (100.0 * count(*) filter (where ${condition}) / count(*))::float8 from ${table}`
  const parEntreprise = 'select count(*) as n from habilitations_habilitation group by entreprise_id'
  const parPersonne = 'select count(*) as n from habilitations_habilitation group by user_id'
  test.each<[string, string, number, number]>([
    ['personnes seules dans leur entreprise', part('n = 1', `(${parEntreprise}) as t`), 78, 3],
    ['entreprises d’une seule personne', part('n = 1', `(${parPersonne}) as t`), 90, 3],
    ['adresses confirmées', part('is_email_confirmed', 'users_user'), 88, 2],
    ['abonnés aux actualités', part('reception_actualites', 'users_user'), 38, 3],
    ['jamais connectés', part('last_login is null', 'users_user'), 13, 2],
    ['propriétaires', part("role = 'proprietaire'", 'habilitations_habilitation'), 88, 2],
    [
      'sociétés par actions simplifiées 5710',
      part('categorie_juridique_sirene = 5710', 'entreprises_entreprise'),
      49,
      3,
    ],
    ['entrepreneurs individuels', part('categorie_juridique_sirene = 1000', 'entreprises_entreprise'), 2, 0.8],
    ['établies en France', part('code_pays_etranger_sirene is null', 'entreprises_entreprise'), 98, 1],
    [
      'clôture au 31 décembre',
      part("to_char(date_cloture_exercice, 'MM-DD') = '12-31'", 'entreprises_caracteristiquesannuelles'),
      72,
      3,
    ],
    ['invitations acceptées', part('date_acceptation is not null', 'invitations_invitation'), 63, 6],
    [
      'invitations en attente',
      part(
        "date_acceptation is null and created_at > timestamptz '2026-07-22 00:00 Europe/Paris' - interval '30 days'",
        'invitations_invitation',
      ),
      5,
      2.9,
    ],
    ['analyses réussies', part("etat = 'success'", 'analyseia_analyseia'), 70, 6],
    [
      'analyses rattachées à un rapport',
      part(
        'rapportcsrd_id is not null',
        'analyseia_analyseia a left join reglementations_rapportcsrd_analyses_ia r on r.analyseia_id = a.id',
      ),
      30,
      8,
    ],
    [
      'rapports VSME vides',
      part(
        'n = 0',
        '(select count(i.id) as n from vsme_rapportvsme r left join vsme_indicateur i on i.rapport_vsme_id = r.id group by r.id) as t',
      ),
      25,
      6,
    ],
    [
      'entreprises inscrites avec un rapport VSME',
      `select 100.0 * count(distinct entreprise_id)::float8 / 3500 from vsme_rapportvsme`,
      8,
      1.5,
    ],
  ])('%s', async (_name, sql, expected, tolerance) => {
    expect(Math.abs(Number(await cell(medium, sql)) - expected)).toBeLessThanOrEqual(tolerance)
  })

  test('une analyse réussie compte de 40 à 900 phrases, dont 20 à 60 % pertinentes', async () => {
    const phrases = (where: string) =>
      `coalesce((select sum(jsonb_array_length(value)) from jsonb_each((resultat_json #>> '{}')::jsonb) where ${where}), 0)`
    const outside = await cell(
      medium,
      `select count(*)::integer from (
      select ${phrases('true')} as toutes, ${phrases("key not like '%Non ESRS%'")} as pertinentes
      from analyseia_analyseia where etat = 'success' and id > 100 and id % 4 = 0
    ) as t where toutes not between 40 and 900 or pertinentes not between floor(0.20 * toutes) and 0.60 * toutes`,
    )
    expect(outside).toBe(0)
  })

  test('chaque rapport CSRD tiré a ses 103 enjeux, rattachés à un thème du même rapport', async () => {
    expect(
      await cell(
        medium,
        `select count(*)::integer from (
      select count(*) filter (where not modifiable) as n from reglementations_enjeu where rapport_csrd_id > 100 group by rapport_csrd_id
    ) as t where n <> 103`,
      ),
    ).toBe(0)
    expect(
      await cell(
        medium,
        `select count(*)::integer from reglementations_enjeu e join reglementations_enjeu p on p.id = e.parent_id
      where p.rapport_csrd_id <> e.rapport_csrd_id or p.esrs <> e.esrs`,
      ),
    ).toBe(0)
  })

  /** Les valeurs d’une requête, une par groupe, dans l’ordre. */
  async function suite(sql: string): Promise<readonly number[]> {
    const { rows } = await medium.query<{ v: number }>(sql)
    return rows.map(({ v }) => Number(v))
  }
  const monte = (valeurs: readonly number[]) =>
    valeurs.every((valeur, rang) => rang === 0 || valeur > Number(valeurs[rang - 1]))
  const FIN = "timestamptz '2026-07-22 00:00 Europe/Paris'"

  test('un compte sert de moins en moins avec l’âge, celui d’un conseiller davantage', async () => {
    const actifs = `100.0 * count(*) filter (where last_login > ${FIN} - interval '30 days') / count(*)`
    const parAge = await suite(`
      select ${actifs} as v from users_user where last_login is not null and is_conseiller_rse is not true and id > 100
      group by width_bucket(extract(epoch from ${FIN} - created_at) / 86400, array[0, 90, 365, 730]::numeric[])
      order by width_bucket(extract(epoch from ${FIN} - created_at) / 86400, array[0, 90, 365, 730]::numeric[]) desc`)
    expect(parAge).toHaveLength(4)
    expect(monte(parAge)).toBe(true)
    const [conseillers] = await suite(
      `select ${actifs} as v from users_user where is_conseiller_rse and last_login is not null`,
    )
    expect(conseillers).toBeGreaterThan(55)
  })

  test('une invitation attend un jour, parfois dix, jamais plus de trente ; aucun mois ne déborde', async () => {
    const [median, neuvieme, plus] = await suite(`
      with d as (select extract(epoch from date_acceptation - created_at) / 86400 as jours from invitations_invitation where date_acceptation is not null)
      select percentile_cont(q) within group (order by jours) as v from d cross join (values (0.5), (0.9), (1)) as x(q) group by q order by q`)
    expect(median).toBeGreaterThan(0.5)
    expect(median).toBeLessThan(1.6)
    expect(neuvieme).toBeGreaterThan(6)
    expect(plus).toBeLessThanOrEqual(30)
    const mois =
      await suite(`select count(*) as v from invitations_invitation where created_at between ${FIN} - interval '18 months' and ${FIN}
      group by date_trunc('month', created_at) order by 1`)
    expect(mois.at(-1)).toBeLessThan(3 * Number(mois[Math.floor(mois.length / 2)]))
  })

  test('la part de qualifiées fait une marche en janvier 2024, puis monte', async () => {
    const parAn =
      await suite(`select 100.0 * count(date_derniere_qualification) / count(*) as v from entreprises_entreprise e
      where id > 100 and exists (select from habilitations_habilitation h where h.entreprise_id = e.id)
      group by greatest(2023, extract(year from created_at)) order by greatest(2023, extract(year from created_at))`)
    expect(monte(parAn)).toBe(true)
    expect(Number(parAn[1]) - Number(parAn[0])).toBeGreaterThan(7)
  })

  test('les plus grandes déclarent plus souvent leur index', async () => {
    const parTaille = await suite(`
      select 100.0 * count(*) filter (where f.etat = 'connu') / count(*) as v
      from feeds_egapro f join entreprises_entreprise e using (siren)
      cross join lateral (select effectif from entreprises_caracteristiquesannuelles c where c.entreprise_id = e.id order by c.annee desc limit 1) as c
      cross join lateral (select case when c.effectif = '50-249' then 1 when c.effectif in ('250-299', '300-499') then 2 when c.effectif = '500-4999' then 3
        when c.effectif in ('5000-9999', '10000+') then 4 end as rang) as r
      where f.annee = 2025 and r.rang is not null and e.id > 100 group by r.rang order by r.rang`)
    expect(parTaille).toHaveLength(4)
    expect(monte(parTaille)).toBe(true)
  })

  test('les exigences VSME : l’énergie et la pollution après la suite, les effectifs avant ; les complets sont anciens', async () => {
    const { rows } = await medium.query<{ exigence: string; v: number }>(`
      select split_part(schema_id, '-', 1) as exigence, 1.0 * count(*) / count(distinct schema_id) as v
      from vsme_indicateur where id > 6100 group by 1`)
    const rempli = new Map(rows.map(({ exigence, v }) => [exigence, Number(v)]))
    const de = (exigence: string) => rempli.get(exigence) ?? 0
    expect(monte([de('B3'), de('B5')])).toBe(true)
    expect(monte([de('B4'), de('B5')])).toBe(true)
    expect(monte([de('B7'), de('B8')])).toBe(true)
  })
})
