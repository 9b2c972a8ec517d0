/**
 * Ce qui est publié de l’échantillon : à la taille S, les cas limites un à un, relus à la main d’après les règles ; à la
 * taille M, les grandeurs attendues à la précision d’un tirage.
 */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { VERSIONS } from '../../../test/database.ts'
import { EXIGENCES_VSME } from '../../domain/vsme-indicateurs.ts'
import { ImpactInstallation } from './installation.ts'

/** BDESE, EgaPro, BGES et CSRD de chaque entreprise limite : « soumise statut », « ? » quand on ne sait pas. */
const OBLIGATIONS: readonly (readonly [id: number, cas: string, obligations: string | null])[] = [
  [1, 'entreprise fictive de 50 à 249', 'oui A ACTUALISER | oui A ACTUALISER | non | non'],
  [2, 'sans caractéristiques', null],
  [3, 'dernière année non qualifiée', null],
  [4, 'sans forme juridique', 'oui A ACTUALISER | oui A JOUR | non | ?'],
  [5, 'sans forme juridique, d’intérêt public', 'oui A ACTUALISER | oui A ACTUALISER | non | oui A ACTUALISER'],
  [6, 'pays inconnu, grande', 'oui A ACTUALISER | oui A JOUR | non | oui A ACTUALISER'],
  [8, 'deux rapports CSRD officiels', 'oui A ACTUALISER | oui A JOUR | oui A JOUR | oui ?'],
  [10, 'tranche d’un ancien découpage', '? | ? | ? | non'],
  [11, 'clôture un 29 février, petite', 'non | non | non | non'],
  [15, 'BDESE sans étape', 'oui A JOUR | oui A ACTUALISER | non | oui A ACTUALISER'],
  [16, 'EgaPro en panne', 'oui A ACTUALISER | oui ? | non | non'],
  [17, 'EgaPro jamais relevée', 'oui A ACTUALISER | oui ? | non | non'],
  [18, 'bilan trop ancien d’un jour', 'oui A ACTUALISER | oui A JOUR | oui A ACTUALISER | oui A ACTUALISER'],
  [19, 'outre-mer, bilan à venir', 'oui A ACTUALISER | oui A ACTUALISER | oui A JOUR | non'],
  [22, 'hors EEE, grand chiffre d’affaires', 'oui A ACTUALISER | oui A JOUR | non | oui A ACTUALISER'],
  [25, 'BDESE d’un autre modèle', 'oui A ACTUALISER | oui A ACTUALISER | non | non'],
  [26, 'BDESE avec accord, complète', 'oui A JOUR | oui A JOUR | non | non'],
  [27, 'BDESE avec accord, incomplète', 'oui A ACTUALISER | oui A ACTUALISER | non | non'],
  [28, 'simulation sans utilisateur', null],
  [30, 'CSRD publiée sans verrou', 'oui A ACTUALISER | oui A JOUR | non | oui EN COURS'],
]

const said = (table: string) => `(
  select case when est_soumise is null then '?' when not est_soumise then 'non' else 'oui ' || coalesce(statut, '?') end
  from impact.${table} where entreprise_id = e.impact_id)`

describe.each(VERSIONS)('taille S, PostgreSQL %i', (version) => {
  let impact: ImpactInstallation
  beforeAll(async () => {
    impact = await ImpactInstallation.create(version, 'S')
    await impact.run()
  })
  afterAll(() => impact.drop())

  test('chaque cas limite a ses obligations', async () => {
    const rows = await impact.look<{ id: number; line: string | null }>(`
      select impact_id::integer as id, ${said('metabase_bdese')} || ' | ' || ${said('metabase_indexegapro')} || ' | ' || ${said('metabase_bges')} || ' | ' || ${said('metabase_csrd')} as line
      from impact.metabase_entreprise e where impact_id <= 30 order by 1`)
    const found = new Map(rows.map(({ id, line }) => [id, line]))
    expect(OBLIGATIONS.map(([id, cas]) => [id, cas, found.get(id) ?? null])).toEqual(OBLIGATIONS)
  })

  test('les entreprises ont leur nom, leur forme et leur pays, et une personne n’a pas le sien', async () => {
    const rows = await impact.look(`
      select impact_id::integer as id, siren, denomination, categorie_juridique, pays, nombre_utilisateurs as n from impact.metabase_entreprise
      where impact_id in (1, 4, 6, 7, 14, 20, 21, 22, 23, 24, 28) order by 1`)
    expect(rows.map((row) => Object.values(row))).toEqual([
      [1, '000000001', 'ENTREPRISE TEST', 'SOCIETE_PAR_ACTIONS_SIMPLIFIEES', 'France', 2],
      [4, null, 'Dénomination non publiée', null, 'France', 1],
      [6, '000000050', 'Société Exemple 0006', 'SOCIETE_PAR_ACTIONS_SIMPLIFIEES', null, 1],
      [7, '000000068', 'Société Exemple 0007', 'SOCIETE_ANONYME', 'France', 3],
      [14, null, 'Entrepreneur individuel', 'AUTRE', 'France', 2],
      [20, '000000191', 'Société Exemple 0020', 'SOCIETE_PAR_ACTIONS_SIMPLIFIEES', 'Danemark', 1],
      [21, '000000209', 'Société Exemple 0021', 'SOCIETE_PAR_ACTIONS_SIMPLIFIEES', 'Norvege', 1],
      [22, '000000217', 'Société Exemple 0022', 'SOCIETE_PAR_ACTIONS_SIMPLIFIEES', 'Australie', 1],
      [23, '000000225', 'Société Exemple 0023', 'SOCIETE_PAR_ACTIONS_SIMPLIFIEES', 'Nouvelle-zelande', 1],
      [24, '000000233', 'Société Exemple 0024', 'SOCIETE_PAR_ACTIONS_SIMPLIFIEES', 'Sainte-lucie', 1],
      [28, '000000274', 'Société Exemple 0028', 'SOCIETE_PAR_ACTIONS_SIMPLIFIEES', 'France', 0],
    ])
  })

  test('les rapports VSME : à cent pour cent, sans indicateur, sans caractéristiques, à un indicateur près', async () => {
    const rows = await impact.look(`
      select entreprise_id::integer as e, statut, choix_module as m, annee_cloture as a, nb_indicateurs_completes as n, progression as p,
             "progression_B1" as b1, "progression_C2" as c2, "progression_C9" as c9, premier_indicateur_cree_le is null as vide
      from impact.metabase_vsme where id <= 4 order by id`)
    expect(rows.map((row) => Object.values(row))).toEqual([
      [12, 'A JOUR', 'base', 2025, 37, 100, 100, 100, 100, false],
      [12, 'EN COURS', null, 2024, 0, 0, 0, 0, 0, true],
      [2, 'EN COURS', 'complet', 2025, 2, 3, 18, 100, 0, false],
      [13, 'EN COURS', 'complet', 2025, 54, 98, 100, 100, 0, false],
    ])
  })

  test('les analyses : ni nom de fichier ni message, une orpheline n’en cache aucune', async () => {
    const rows = await impact.look(
      'select impact_id::integer as id, entreprise_id::integer as e, csrd, nom_fichier, etat, message, nb_phrases, nb_phrases_pertinentes from impact.metabase_analyseia where impact_id <= 6 order by 1',
    )
    expect(rows.map((row) => Object.values(row))).toEqual([
      [1, 13, false, 'PDF', 'success', null, 1, 1],
      [2, 13, false, 'PDF', 'success', null, 2, 0],
      [4, 8, true, 'PDF', 'success', null, 1, 1],
      [5, 30, true, 'PDF', 'error', null, null, null],
      [6, 29, false, 'PDF', 'success', null, 0, 0],
    ])
  })

  /** Ce que le lecteur voit des valeurs inconnues de la version publiée. */
  async function inconnus(): Promise<readonly string[]> {
    const lecteur = await impact.reader()
    const { rows } = await lecteur.query<{ ligne: string }>(
      "select concat_ws(' ', nom_table, raison, nombre_lignes) as ligne from impact.metabase_inconnus where donnees_du is not null",
    )
    await lecteur.end()
    return rows.map(({ ligne }) => ligne).toSorted()
  }

  test('le compte rendu dit combien de statuts sont inconnus, et pourquoi ; le lecteur le lit dans une vue', async () => {
    const { tables } = await impact.run()
    const unknown = Object.fromEntries(tables.map(({ table, unknown: reasons }) => [table, reasons]))
    expect(unknown['metabase_bdese']).toEqual({ tranche_inconnue: 1 })
    expect(unknown['metabase_indexegapro']).toMatchObject({ tranche_inconnue: 1, source_externe_non_relevee: 1 })
    expect(unknown['metabase_csrd']).toMatchObject({
      categorie_juridique_absente: expect.any(Number),
      rapports_officiels_multiples: 1,
    })
    expect(tables.every(({ added, changed, removed }) => added === 0 && changed === 0 && removed === 0)).toBe(true)
    const dites = tables.flatMap(({ table, unknown: raisons }) =>
      Object.entries(raisons).map(([raison, lignes]) => `${table} ${raison} ${lignes}`),
    )
    expect(await inconnus()).toEqual(dites.toSorted())
  })

  test('un contenu illisible donne un statut inconnu, jamais un statut faux', async () => {
    await impact.change(`
      update reglementations_bdese_300 set completion_steps = '"rien"' where entreprise_id = 15 and user_id is null;
      update vsme_indicateur set _data = '[1]' where rapport_vsme_id = 1 and schema_id = 'B1-24-a';
      update analyseia_analyseia set resultat_json = '"{tronqué"' where id = 1;
      update reglementations_rapportcsrd set etape_validee = 'inconnue' where entreprise_id = 30`)
    await impact.run()
    const [bdese] = await impact.look('select est_soumise, statut from impact.metabase_bdese where entreprise_id = 15')
    expect(bdese).toEqual({ est_soumise: true, statut: null })
    const [vsme] = await impact.look('select statut, progression from impact.metabase_vsme where id = 1')
    expect(vsme).toEqual({ statut: null, progression: null })
    const [analyse] = await impact.look('select nb_phrases from impact.metabase_analyseia where impact_id = 1')
    expect(analyse).toEqual({ nb_phrases: null })
    const [csrd] = await impact.look('select statut, etape_validee from impact.metabase_csrd where entreprise_id = 30')
    expect(csrd).toEqual({ statut: 'EN COURS', etape_validee: null })
  })

  test('après une longue panne d’EgaPro, une absence de déclaration ne se croit plus ; une déclaration, si', async () => {
    const statuts = async (releveLe: string) => {
      await impact.change(`update feeds_egapro set releve_le = '${releveLe}'`)
      const { tables } = await impact.run()
      const rows = await impact.look<{ statut: string | null; lignes: number }>(
        'select statut, count(*)::integer as lignes from impact.metabase_indexegapro where est_soumise group by 1',
      )
      const unknown =
        tables.find(({ table }) => table === 'metabase_indexegapro')?.unknown['source_externe_perimee'] ?? 0
      const published: Readonly<Record<string, number>> = Object.fromEntries(
        rows.map((row) => [row.statut, row.lignes]),
      )
      return { unknown, published }
    }
    // Le 22 juillet à Paris, quarante-cinq jours après le 7 juin.
    const avant = await statuts('2026-06-07T00:00:00+02')
    const apres = await statuts('2026-06-06T23:59:59+02')
    expect(avant).toMatchObject({ unknown: 0, published: { 'A ACTUALISER': expect.any(Number) } })
    expect(apres.unknown).toBe(avant.published['A ACTUALISER'])
    expect(apres.published).not.toHaveProperty('A ACTUALISER')
    expect(apres.published['A JOUR']).toBe(avant.published['A JOUR'])
    // Un retour rend les raisons de la version qui revient.
    const perimee = `metabase_indexegapro source_externe_perimee ${apres.unknown}`
    expect(await inconnus()).toContain(perimee)
    await impact.rollback()
    expect((await inconnus()).filter((ligne) => ligne.includes('source_externe_perimee'))).toEqual([])
  })

  test('une entreprise et un utilisateur supprimés pendant la publication ne la gênent pas', async () => {
    let deleted: Promise<void> | undefined
    await impact.run({
      observer: (event) => {
        if (event.kind !== 'phase' || event.phase !== 'stage') return
        deleted ??= impact.change(
          'delete from habilitations_habilitation where user_id = 8 or entreprise_id = 9; delete from invitations_invitation where entreprise_id = 9 or inviteur_id = 8; delete from entreprises_caracteristiquesannuelles where entreprise_id = 9; delete from entreprises_entreprise where id = 9; delete from users_user where id = 8',
        )
      },
    })
    await deleted
    await impact.run()
    expect(
      await impact.look(
        'select 1 from impact.metabase_entreprise where impact_id = 9 union all select 1 from impact.metabase_utilisateur where impact_id = 8',
      ),
    ).toEqual([])
  })
})

/** Les figures de la page, dans son ordre, telles que l’original les calculait, ses deux sources externes en panne. */
const AVANT = `
  with c as (select distinct on (entreprise_id) * from entreprises_caracteristiquesannuelles order by entreprise_id, annee desc),
  h as (select distinct entreprise_id from habilitations_habilitation),
  o as (
    select coalesce(c.effectif not in ('0-9', '10-49'), false) as cinquante,
      coalesce(c.effectif in ('500-4999', '5000-9999', '10000+') or c.effectif_outre_mer = '250+', false) and c.effectif is not null and c.effectif_outre_mer is not null as cinq_cents,
      case when c.bdese_accord then a.is_complete
        when c.effectif in ('50-249', '250-299') then not jsonb_path_exists(m.completion_steps, '$.* ? (@ == false)')
        else not jsonb_path_exists(p.completion_steps, '$.* ? (@ == false)') end as bdese
    from c join h using (entreprise_id)
    left join reglementations_bdeseavecaccord a on a.entreprise_id = c.entreprise_id and a.user_id is null and a.annee = 2025
    left join reglementations_bdese_50_300 m on m.entreprise_id = c.entreprise_id and m.user_id is null and m.annee = 2025
    left join reglementations_bdese_300 p on p.entreprise_id = c.entreprise_id and p.user_id is null and p.annee = 2025),
  s as (select count(*) filter (where cinquante) as cinquante, count(*) filter (where cinq_cents) as cinq_cents,
    count(*) filter (where cinquante and bdese) as bdese from o)
  select round(100.0 * (bdese + cinquante + cinq_cents) / (2 * cinquante + cinq_cents)) || ' %' as part,
    bdese + cinquante + cinq_cents as a_jour, 2 * cinquante + cinq_cents as connus, bdese, cinquante as egapro, cinq_cents as bges,
    (select count(*) from vsme_rapportvsme join h using (entreprise_id) where entreprise_id in (select entreprise_id from c)) as vsme,
    (select count(siren) from entreprises_entreprise) as siren, 0 as individuels, 0 as tues,
    (select count(distinct fonctions) from habilitations_habilitation) as fonctions,
    (select count(*) from entreprises_entreprise where code_pays_etranger_sirene in (99101, 99103, 99501, 99502)) as territoires
  from s`

const MAINTENANT = `
  select round(100.0 * reglementations_a_jour / reglementations_statut_connu) || ' %' as part, reglementations_a_jour as a_jour,
    reglementations_statut_connu as connus, (select count(*) from impact.metabase_bdese where statut = 'A JOUR') as bdese,
    (select count(*) from impact.metabase_indexegapro where statut = 'A JOUR') as egapro,
    (select count(*) from impact.metabase_bges where statut = 'A JOUR') as bges, (select count(*) from impact.metabase_vsme) as vsme,
    (select count(siren) from impact.metabase_entreprise) as siren,
    (select count(*) from impact.metabase_entreprise where denomination = 'Entrepreneur individuel') as individuels,
    (select count(*) from impact.metabase_entreprise where denomination = 'Dénomination non publiée') as tues,
    (select count(distinct fonctions) from impact.metabase_habilitation) as fonctions,
    (select count(*) from impact.metabase_entreprise where pays in ('Feroe (iles)', 'Svalbard et ile jan mayen', 'Norfolk (ile)', 'Tokelau')) as territoires
  from impact.metabase_stats`

/** Comme la page l’écrit : 3 705. */
const nombre = (valeur: unknown): string => String(valeur).replace(/\B(?=(\d{3})+$)/g, ' ')

describe('taille M', () => {
  let impact: ImpactInstallation
  beforeAll(async () => {
    impact = await ImpactInstallation.create(18, 'M')
    await impact.run()
  })
  afterAll(() => impact.drop())

  test.each([
    ['entreprises', 'metabase_entreprise', 5000, 0],
    ['entreprises avec utilisateurs', 'metabase_entreprise where nombre_utilisateurs > 0', 3500, 60],
    ['évaluées pour la BDESE', 'metabase_bdese', 2770, 60],
    ['soumises à la BDESE', 'metabase_bdese where est_soumise', 1660, 60],
    ['soumises à l’index EgaPro', 'metabase_indexegapro where est_soumise', 1660, 60],
    ['soumises au BGES', 'metabase_bges where est_soumise', 385, 40],
    ['BDESE à jour', "metabase_bdese where statut = 'A JOUR'", 100, 30],
    ['BDESE en cours', "metabase_bdese where statut = 'EN COURS'", 230, 40],
    ['EgaPro à jour', "metabase_indexegapro where statut = 'A JOUR'", 1160, 60],
    ['EgaPro inconnus', 'metabase_indexegapro where est_soumise and statut is null', 33, 18],
    ['BGES à jour', "metabase_bges where statut = 'A JOUR'", 175, 30],
  ])('%s', async (_, from, expected, tolerance) => {
    const [found] = await impact.look<{ n: number }>(`select count(*)::integer as n from impact.${from}`)
    expect(Math.abs((found?.n ?? 0) - expected)).toBeLessThanOrEqual(tolerance)
  })

  test('la vue de toutes les réglementations dit ce que dit chacune, et celle des obligations ce qu’elles font ensemble', async () => {
    const union = [
      ['BDESE', 'bdese'],
      ['Index EgaPro', 'indexegapro'],
      ['BGES', 'bges'],
      ['CSRD', 'csrd'],
    ].map(([nom, table]) => `select entreprise_id, '${nom}', est_soumise, statut from impact.metabase_${table}`)
    const [ecarts] = await impact.look(`
      with u as (${union.join(' union all ')}),
      l as (select entreprise_id, reglementation, est_soumise, statut from impact.metabase_reglementation),
      n as (select impact_id, sum(est_soumise::integer) as nombre, sum((statut = 'A JOUR')::integer) as a_jour, count(*) filter (where est_soumise and statut is null) as inconnues
        from impact.metabase_entreprise left join l on entreprise_id = impact_id group by 1),
      dites as (select entreprise_id, nombre_obligations, nombre_a_jour, nombre_inconnues, obligations_a_jour from impact.metabase_obligations)
      select (select count(*)::integer from (select * from u except all select * from l) d) as oubliees,
        (select count(*)::integer from (select * from l except all select * from u) d) as inventees,
        (select count(distinct (entreprise_id, reglementation))::integer - count(*)::integer from impact.metabase_reglementation) as sans_cle,
        (select count(*)::integer from n full join dites on entreprise_id = impact_id where coalesce(nombre, 0) <> coalesce(nombre_obligations, 0)
           or coalesce(a_jour, 0) <> coalesce(nombre_a_jour, 0) or inconnues <> coalesce(nombre_inconnues, 0)) as nombres,
        (select count(*)::integer from dites where obligations_a_jour is distinct from case
          when nombre_obligations > 0 then case when nombre_inconnues > 0 then 'inconnue' when nombre_a_jour = nombre_obligations then 'toutes'
            when nombre_a_jour > 0 then 'partie' else 'aucune' end end) as conformites`)
    expect(ecarts).toEqual({ oubliees: 0, inventees: 0, sans_cle: 0, nombres: 0, conformites: 0 })
  })

  test('la table des exigences dit ce que dit le rapport, mais vide où rien ne s’applique', async () => {
    const valeurs = EXIGENCES_VSME.map((exigence) => `('${exigence}', v."progression_${exigence}")`)
    const [ecarts] = await impact.look<Record<string, number>>(`
      select count(*)::integer as lignes, 20 * (select count(*)::integer from impact.metabase_vsme) as attendues,
        count(*) filter (where case when x.applicables = 0 then p.valeur not in (0, 100) or x.progression is not null
          else p.valeur is distinct from x.progression end)::integer as autres,
        count(*) filter (where x.completes > x.applicables or (x.completes is null) <> (coalesce(x.applicables, 0) = 0))::integer as fausses
      from impact.metabase_vsme v cross join lateral (values ${valeurs}) as p (exigence, valeur)
      join impact.metabase_vsme_exigence x on x.rapport_id = v.id and x.exigence = p.exigence and x.entreprise_id = v.entreprise_id`)
    expect(ecarts).toEqual({ lignes: ecarts?.['attendues'], attendues: ecarts?.['attendues'], autres: 0, fausses: 0 })
  })

  test('docs/premiere-nuit.md donne les chiffres d’avant et ceux de la première nuit, à l’unité près', async () => {
    const page = readFileSync(new URL('../../../docs/premiere-nuit.md', import.meta.url), 'utf8')
    const lignes = (await Promise.all([impact.readSource(AVANT), impact.look(MAINTENANT)])).map(([ligne]) =>
      Object.values(ligne ?? {}),
    )
    const figures = lignes[0]?.map((avant, rang) => `${nombre(avant)} | ${nombre(lignes[1]?.[rang])}`)
    const dites = [...page.matchAll(/^\| [^|]+ \| (\d[\d %]* \| \d[\d %]*) \|/gm)].map(([, chiffres]) => chiffres)
    expect(dites).toEqual(figures)
  })
})
