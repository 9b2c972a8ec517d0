/**
 * What the operational schema must be, written out: columns of each table in order (not null unless said), constraints and
 * indexes. The tests compare a migrated database with it, so that an unmeant change of a migration is seen as one.
 */
import type { ClientBase } from 'pg'

const DATES = 'created_at timestamptz, updated_at timestamptz'
const BDESE = 'id bigint identity, entreprise_id bigint, user_id bigint null, annee integer'

export const COLUMNS: Readonly<Record<string, string>> = {
  analyseia_analyseia: `id bigint identity, fichier varchar(100), nom varchar(255), resultat_json jsonb null, etat varchar(144) null, message varchar(144) null, ${DATES}`,
  entreprises_caracteristiquesannuelles: `id bigint identity, entreprise_id bigint, annee integer, date_cloture_exercice date null, effectif varchar(9) null, effectif_securite_sociale varchar(9) null, effectif_outre_mer varchar(9) null, effectif_groupe varchar(9) null, effectif_groupe_france varchar(9) null, tranche_chiffre_affaires varchar(9) null, tranche_bilan varchar(9) null, tranche_chiffre_affaires_consolide varchar(9) null, tranche_bilan_consolide varchar(9) null, bdese_accord boolean null, tranche_consommation_energie_finale varchar(20) null, ${DATES}`,
  entreprises_entreprise: `id bigint identity, siren varchar(9), denomination varchar(250), date_derniere_qualification date null, categorie_juridique_sirene integer null, code_pays_etranger_sirene integer null, date_cloture_exercice date null, est_cotee boolean null, est_interet_public boolean null, appartient_groupe boolean null, est_societe_mere boolean null, societe_mere_en_france boolean null, comptes_consolides boolean null, code_NAF varchar(6) null, code_postal varchar(5) null, ${DATES}`,
  entreprises_entreprise_analyses_ia: 'id bigint identity, entreprise_id bigint, analyseia_id bigint',
  feeds_bges: 'siren varchar(9), dt_publication date, releve_le timestamptz',
  feeds_egapro:
    'siren varchar(9), annee integer, etat varchar(20), reponse_api jsonb null, raison varchar(60) null, releve_le timestamptz',
  feeds_releve:
    'source varchar(20), etat varchar(20), raison varchar(60) null, releve_le timestamptz, lignes bigint null',
  habilitations_habilitation: `id bigint identity, user_id bigint, entreprise_id bigint, fonctions varchar(250) null, role varchar(20), is_conseiller_rse boolean, invitation_id bigint null, ${DATES}`,
  invitations_invitation: `id bigint identity, entreprise_id bigint, email varchar(255), role varchar(20), inviteur_id bigint null, date_acceptation timestamptz null, ${DATES}`,
  logs_eventlog: 'id uuid, created_at timestamptz, level smallint, msg text, payload jsonb',
  reglementations_bdese_300: `${BDESE}, categories_professionnelles jsonb null, external_fields jsonb, completion_steps jsonb, ${DATES}`,
  reglementations_bdese_50_300: `${BDESE}, categories_professionnelles jsonb null, external_fields jsonb, completion_steps jsonb, ${DATES}`,
  reglementations_bdeseavecaccord: `${BDESE}, categories_professionnelles jsonb null, external_fields jsonb, is_complete boolean, ${DATES}`,
  reglementations_enjeu: `id bigint identity, rapport_csrd_id bigint, parent_id bigint null, esrs text, nom text, description text, modifiable boolean, selection boolean, materiel boolean null, ${DATES}`,
  reglementations_rapportcsrd: `id bigint identity, entreprise_id bigint, proprietaire_id bigint null, annee integer, description text, etape_validee text null, lien_rapport varchar(200), bloque boolean, ${DATES}`,
  reglementations_rapportcsrd_analyses_ia: 'id bigint identity, rapportcsrd_id bigint, analyseia_id bigint',
  users_user: `id bigint identity, password varchar(128), last_login timestamptz null, email varchar(255), prenom varchar(50), nom varchar(50), is_active boolean, is_staff boolean, acceptation_cgu boolean, reception_actualites boolean, is_email_confirmed boolean, oidc_sub_id uuid null, is_conseiller_rse boolean null, fonction_rse varchar(50) null, ${DATES}`,
  vsme_indicateur: `id bigint identity, rapport_vsme_id bigint, schema_id varchar(42), schema_version integer, _data jsonb null, ${DATES}`,
  vsme_rapportvsme: `id bigint identity, entreprise_id bigint, annee integer, ${DATES}`,
}

/** Referring column → table. Every one is deferrable, initially deferred, without an action, and has an index. */
export const REFERENCES: readonly string[] = [
  'entreprises_caracteristiquesannuelles.entreprise_id → entreprises_entreprise',
  'entreprises_entreprise_analyses_ia.analyseia_id → analyseia_analyseia',
  'entreprises_entreprise_analyses_ia.entreprise_id → entreprises_entreprise',
  'habilitations_habilitation.entreprise_id → entreprises_entreprise',
  'habilitations_habilitation.invitation_id → invitations_invitation',
  'habilitations_habilitation.user_id → users_user',
  'invitations_invitation.entreprise_id → entreprises_entreprise',
  'invitations_invitation.inviteur_id → users_user',
  'reglementations_bdese_300.entreprise_id → entreprises_entreprise',
  'reglementations_bdese_300.user_id → users_user',
  'reglementations_bdese_50_300.entreprise_id → entreprises_entreprise',
  'reglementations_bdese_50_300.user_id → users_user',
  'reglementations_bdeseavecaccord.entreprise_id → entreprises_entreprise',
  'reglementations_bdeseavecaccord.user_id → users_user',
  'reglementations_enjeu.parent_id → reglementations_enjeu',
  'reglementations_enjeu.rapport_csrd_id → reglementations_rapportcsrd',
  'reglementations_rapportcsrd.entreprise_id → entreprises_entreprise',
  'reglementations_rapportcsrd.proprietaire_id → users_user',
  'reglementations_rapportcsrd_analyses_ia.analyseia_id → analyseia_analyseia',
  'reglementations_rapportcsrd_analyses_ia.rapportcsrd_id → reglementations_rapportcsrd',
  'vsme_indicateur.rapport_vsme_id → vsme_rapportvsme',
  'vsme_rapportvsme.entreprise_id → entreprises_entreprise',
]

/** Unique and check constraints, and the indexes that are not of a key. */
export const RULES: readonly string[] = [
  'entreprises_caracteristiquesannuelles: unique (entreprise_id, annee)',
  'entreprises_entreprise: index (siren varchar_pattern_ops)',
  'entreprises_entreprise: unique (siren)',
  'entreprises_entreprise_analyses_ia: unique (entreprise_id, analyseia_id)',
  'feeds_bges: index (siren)',
  "feeds_egapro: check (((etat)::text = any ((array['connu'::varchar, 'absent'::varchar, 'inconnu'::varchar])::text[])))",
  'habilitations_habilitation: unique (entreprise_id, user_id)',
  'reglementations_bdese_300: unique (entreprise_id, annee) where (user_id is null)',
  'reglementations_bdese_300: unique (entreprise_id, user_id, annee)',
  'reglementations_bdese_50_300: unique (entreprise_id, annee) where (user_id is null)',
  'reglementations_bdese_50_300: unique (entreprise_id, user_id, annee)',
  'reglementations_bdeseavecaccord: unique (entreprise_id, annee) where (user_id is null)',
  'reglementations_bdeseavecaccord: unique (entreprise_id, user_id, annee)',
  'reglementations_enjeu: unique (rapport_csrd_id, nom, esrs)',
  'reglementations_rapportcsrd: check ((annee >= 0))',
  'reglementations_rapportcsrd: index (annee)',
  'reglementations_rapportcsrd: unique (annee, entreprise_id, proprietaire_id)',
  'reglementations_rapportcsrd_analyses_ia: unique (rapportcsrd_id, analyseia_id)',
  'users_user: index (email varchar_pattern_ops)',
  'users_user: unique (email)',
  'vsme_indicateur: check ((schema_version >= 0))',
  'vsme_indicateur: unique (rapport_vsme_id, schema_id)',
  'vsme_rapportvsme: check ((annee >= 0))',
  'vsme_rapportvsme: unique (entreprise_id, annee)',
]

async function column(client: ClientBase, sql: string): Promise<string[]> {
  const { rows } = await client.query<{ line: string }>(sql)
  return rows.map(({ line }) => line)
}

export async function columnsOf(client: ClientBase): Promise<Record<string, string>> {
  const { rows } = await client.query<{ name: string; columns: string }>(`
    select c.relname as name, string_agg(
      a.attname || ' '
        || replace(replace(format_type(a.atttypid, a.atttypmod), 'character varying', 'varchar'), 'timestamp with time zone', 'timestamptz')
        || case when a.attnotnull then '' else ' null' end
        || case when a.attidentity = 'd' then ' identity' else '' end
        || case when a.atthasdef then ' default' else '' end,
      ', ' order by a.attnum) as columns
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> 'impact_schema_migrations'
    group by c.relname`)
  return Object.fromEntries(rows.map(({ name, columns }) => [name, columns]))
}

/** References with an index on the referring column, in the form of `REFERENCES`; another kind shows its definition. */
export function referencesOf(client: ClientBase): Promise<string[]> {
  return column(
    client,
    `select line from (
     select c.conrelid::regclass || '.' || a.attname || ' → ' || c.confrelid::regclass
       || case when c.condeferred and c.confdeltype = 'a' and c.confupdtype = 'a' then '' else pg_get_constraintdef(c.oid) end
       || case when exists (select from pg_index i where i.indrelid = c.conrelid and i.indkey[0] = a.attnum and i.indnatts = 1) then '' else ' (no index)' end as line
     from pg_constraint c
     join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
     where c.contype = 'f' and c.connamespace = 'public'::regnamespace
     ) as refs
     order by line collate "C"`,
  )
}

export function rulesOf(client: ClientBase): Promise<string[]> {
  return column(
    client,
    `select line from (
       select conrelid::regclass || ': ' || replace(lower(pg_get_constraintdef(oid)), 'character varying', 'varchar') as line
       from pg_constraint where contype in ('u', 'c') and connamespace = 'public'::regnamespace
       union all
       select i.indrelid::regclass || ': ' || case when i.indisunique then 'unique ' else 'index ' end
         || regexp_replace(lower(pg_get_indexdef(i.indexrelid)), '^.* using btree ', '')
       from pg_index i join pg_class c on c.oid = i.indrelid
       where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
         and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u'))
         and not exists (select from pg_constraint k where k.contype = 'f' and k.conrelid = i.indrelid and k.conkey[1] = i.indkey[0]
           and i.indnatts = 1 and i.indpred is null)
     ) as rules
     order by line collate "C"`,
  )
}

/** Names and definitions of every constraint and index, to compare a schema before and after something. */
export function fullSchema(client: ClientBase): Promise<string[]> {
  return column(
    client,
    `select line from (
       select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) || ' ' || convalidated as line
       from pg_constraint where connamespace = 'public'::regnamespace
       union all
       select pg_get_indexdef(indexrelid) || ' ' || indisvalid from pg_index
       where indrelid::regclass::text in (select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r')
     ) as definitions
     order by line collate "C"`,
  )
}
