/**
 * Key figures of an operational database, by the rules that the publication follows: a company is evaluated when a person
 * is attached to it and it has a year of characteristics; its latest year counts; a regulation needs its inputs. Written in
 * SQL, apart from the rules themselves, so that one checks the other. Called by the tests of the sample.
 */
import type { ClientBase } from 'pg'

export interface Figures {
  readonly entreprises: number
  readonly inscrites: number
  readonly evaluees: number
  readonly avecEffectif: number
  readonly sujetsBdese: number
  readonly sujetsBges: number
  readonly bdeseAJour: number
  readonly bdeseEnCours: number
  readonly egaproAJour: number
  readonly egaproInconnu: number
  readonly bgesAJour: number
}

/** @param annee the current calendar year: BDESE and EgaPro look at the one before. */
export async function figuresOf(client: ClientBase, annee: number): Promise<Figures> {
  const { rows } = await client.query<Figures>(FIGURES, [annee])
  // sound because a select of subqueries without from has exactly one row.
  return rows[0]!
}

const FIGURES = `
  with c as (
    select distinct on (c.entreprise_id) e.siren, c.*
    from entreprises_caracteristiquesannuelles c
    join entreprises_entreprise e on e.id = c.entreprise_id
    where exists (select from habilitations_habilitation h where h.entreprise_id = c.entreprise_id)
    order by c.entreprise_id, c.annee desc
  ), document as (
    select 'accord' as modele, entreprise_id, user_id, annee, is_complete as complet from reglementations_bdeseavecaccord
    union all
    select '50_300', entreprise_id, user_id, annee, not exists (select from jsonb_each(completion_steps) where value <> 'true')
    from reglementations_bdese_50_300
    union all
    select '300', entreprise_id, user_id, annee, not exists (select from jsonb_each(completion_steps) where value <> 'true')
    from reglementations_bdese_300
  ), bdese as (
    select c.siren, m.modele, d.complet
    from c
    cross join lateral (select case when c.bdese_accord then 'accord'
      when c.effectif in ('50-249', '250-299') then '50_300' else '300' end as modele) as m
    left join document d
      on d.entreprise_id = c.entreprise_id and d.user_id is null and d.annee = $1 - 1 and d.modele = m.modele
    where c.effectif not in ('0-9', '10-49')
  ), egapro as (
    select coalesce(f.etat, 'inconnu') as etat
    from bdese b
    left join feeds_egapro f on f.siren = b.siren and f.annee = $1 - 1
  ), bges as (
    select (select extract(year from max(dt_publication)) from feeds_bges f where f.siren = c.siren) as annee
    from c
    where effectif is not null and effectif_outre_mer is not null
      and (effectif in ('500-4999', '5000-9999', '10000+') or effectif_outre_mer = '250+')
  )
  select
    (select count(*)::integer from entreprises_entreprise) as entreprises,
    (select count(distinct entreprise_id)::integer from habilitations_habilitation) as inscrites,
    (select count(*)::integer from c) as evaluees,
    (select count(effectif)::integer from c) as "avecEffectif",
    (select count(*)::integer from bdese) as "sujetsBdese",
    (select count(*)::integer from bges) as "sujetsBges",
    (select count(*)::integer from bdese where complet) as "bdeseAJour",
    (select count(*)::integer from bdese where not complet and modele <> 'accord') as "bdeseEnCours",
    (select count(*)::integer from egapro where etat = 'connu') as "egaproAJour",
    (select count(*)::integer from egapro where etat = 'inconnu') as "egaproInconnu",
    (select count(*)::integer from bges where $1 - annee < 4) as "bgesAJour"`
