-- Les documents des cas limites (BDESE, CSRD, VSME, analyses) et ce que les sources externes répondent pour eux.
-- Les clés et les raisons sont celles de cas-limites.sql.

insert into reglementations_bdese_300 (
  id, entreprise_id, user_id, annee, categories_professionnelles, external_fields, completion_steps, created_at, updated_at)
select v.id, v.entreprise_id, null, p.annee - 1, null, '[]', v.etapes::jsonb,
  p.fin - interval '30 days', p.fin - interval '30 days'
from parametres p
cross join (values
  (1, 15, '{}'),
  (2, 25, '{"Configuration": true, "Environnement": true}')
) as v (id, entreprise_id, etapes);

-- Le brouillon complet d’une personne ne vaut pas un document officiel.
insert into reglementations_bdese_50_300 (
  id, entreprise_id, user_id, annee, categories_professionnelles, external_fields, completion_steps, created_at, updated_at)
select 1, 25, 45, p.annee - 1, '["Ouvriers", "Cadres"]', '[]', '{"Configuration": true, "Environnement": true}',
  p.fin - interval '30 days', p.fin - interval '30 days'
from parametres p;

insert into reglementations_bdeseavecaccord (
  id, entreprise_id, user_id, annee, categories_professionnelles, external_fields, is_complete, created_at, updated_at)
select v.id, v.entreprise_id, null, p.annee - 1, null, '[]', v.complete,
  p.fin - interval '30 days', p.fin - interval '30 days'
from parametres p
cross join (values (1, 26, true), (2, 27, false)) as v (id, entreprise_id, complete);

insert into reglementations_rapportcsrd (
  id, entreprise_id, proprietaire_id, annee, description, etape_validee, lien_rapport, bloque, created_at, updated_at)
select
  v.id, v.entreprise_id, v.proprietaire_id, p.annee + v.decalage, v.description, v.etape, v.lien, v.bloque,
  p.fin - interval '60 days' + interval '1 day' * v.id, p.fin - interval '10 days'
from parametres p
cross join (values
  (1, 8, null, 0, '', 'redaction-rapport-durabilite', 'https://www.societe-8.test/durabilite.pdf', true),
  (2, 8, null::bigint, 0, 'Saisi deux fois', null, '', false),
  (3, 30, null, 0, '', 'analyse-ecart', 'https://www.societe-30.test/projet.pdf', false),
  (4, 30, 50, 0, 'Brouillon de Camille Fictivel', 'introduction', '', false),
  (5, 30, 50, 1, '', 'selection-enjeux', '', false),
  (6, 5, null, -1, '', 'redaction-rapport-durabilite', 'https://www.societe-5.test/durabilite.pdf', true)
) as v (id, entreprise_id, proprietaire_id, decalage, description, etape, lien, bloque);

insert into reglementations_enjeu (
  id, rapport_csrd_id, parent_id, esrs, nom, description, modifiable, selection, materiel, created_at, updated_at)
select v.id, v.rapport_id, v.parent_id, v.esrs, v.nom, '', v.id = 5, v.materiel is not null, v.materiel,
  p.fin - interval '50 days', p.fin - interval '20 days'
from parametres p
cross join (values
  (1, 1, null, 'ESRS_E1', 'Énergie', true),
  (2, 1, null::bigint, 'ESRS_S1', 'Conditions de travail', false),
  (3, 1, 2, 'ESRS_S1', 'Temps de travail', null),
  (4, 3, null, 'ESRS_G1', 'Culture d’entreprise', true),
  (5, 5, null, 'ESRS_2', 'Enjeu ajouté à la main', null::boolean)
) as v (id, rapport_id, parent_id, esrs, nom, materiel);

-- VSME : 1 exactement à 100 % (tous les indicateurs de base applicables, et eux seuls), 2 sans indicateur, 3 d’une
-- entreprise sans caractéristiques (perdu sans bruit par la publication), 4 complet à un indicateur près.
insert into vsme_rapportvsme (id, entreprise_id, annee, created_at, updated_at)
select v.id, v.entreprise_id, p.annee + v.decalage, p.fin - interval '90 days', p.fin - interval '90 days'
from parametres p
cross join (values (1, 12, -1), (2, 12, -2), (3, 2, -1), (4, 13, -1)) as v (id, entreprise_id, decalage);

insert into vsme_indicateur (id, rapport_vsme_id, schema_id, schema_version, _data, created_at, updated_at)
select
  row_number() over (order by v.rapport_id, v.schema_id), v.rapport_id, v.schema_id, 1,
  case v.schema_id
    when 'B1-24-a' then case when v.rapport_id = 1 then '{"choix_module": "base"}' else '{"choix_module": "complet"}' end
    when 'B1-24-c' then '{"type_perimetre": "individuelle"}'
    when 'B1-24-e-i' then '{"coopérative": false, "forme_juridique": "57"}'
    -- Saisi 1.2e2 : l’application garde le texte que Python en donne.
    when 'B1-24-e-v' then '{"methode_comptabilisation": "ETP", "nombre_salaries": "1.2E+2"}'
    when 'B1-24-e-vi' then '{"pays": ["FRA"]}'
    when 'B2-26' then '{"non_pertinent": false,
      "declaration_durabilite": {"eau": {"pratiques": true, "accessibles": true, "cibles": false}}}'
    when 'C4-57' then '{"non_pertinent": false, "aleas_et_risques_climatiques": []}'
    else '{"non_pertinent": true}'
  end::jsonb,
  p.fin - interval '80 days', p.fin - interval '70 days'
from parametres p
cross join (
  select r.id as rapport_id, i.schema_id
  from unnest(array['B1-24-a', 'B1-24-b', 'B1-24-c', 'B1-24-e-i', 'B1-24-e-ii', 'B1-24-e-iii', 'B1-24-e-iv', 'B1-24-e-v',
    'B1-24-e-vi', 'B1-24-e-vii', 'B1-25', 'B2-26', 'B3-29-p1', 'B3-29-p2', 'B3-30-p1', 'B3-30-p2', 'B4-32-p1', 'B4-32-p2',
    'B4-32-p3', 'B5-33', 'B5-34', 'B6-35', 'B6-36', 'B7-37', 'B7-38-ab', 'B7-38-c', 'B8-39-a', 'B8-39-b', 'B8-40', 'B9-41a',
    'B9-41b', 'B10-42-a', 'B10-42-b', 'B10-42-c', 'B10-42-d', 'B11-43-p1', 'B11-43-p2']) as i (schema_id)
  cross join (values (1), (4)) as r (id)
  union all
  select 4, i.schema_id
  from unnest(array['C1-47-a', 'C1-47-b', 'C1-47-c', 'C1-47-d', 'C2-48', 'C3-54-p1', 'C3-54-p2', 'C3-55', 'C4-57', 'C5-59',
    'C5-60', 'C6-61-ab', 'C6-61-c', 'C7-62-ab', 'C7-62-c', 'C8-63', 'C8-64']) as i (schema_id)
  union all
  values (3, 'B1-24-a'), (3, 'B1-24-b')
) as v;

-- Analyses : 1 nommée d’après une personne, 2 sans aucune phrase pertinente, 3 sans résultat ni entreprise ni rapport,
-- 4 rattachée aux deux rapports officiels, 5 à l’entreprise et à un rapport, 6 au résultat vide.
insert into analyseia_analyseia (id, fichier, nom, resultat_json, etat, message, created_at, updated_at)
select
  v.id, 'analyse_ia/' || p.annee || '/' || pg_temp.identifiant(v.id, 'fichier') || '.pdf', v.nom,
  to_jsonb(v.resultat), v.etat, v.message, p.fin - interval '25 days', p.fin - interval '25 days'
from parametres p
cross join (values
  (1, 'Entretien annuel - Camille Fictivel.pdf',
    '{"ESRS S1": [{"PAGES": 1, "TEXTS": "Entretien de Camille Fictivel."}]}', 'success', null),
  (2, 'Procès-verbal "définitif"; \N.pdf',
    '{"Non ESRS": [{"PAGES": 1, "TEXTS": "Page de garde."}, {"PAGES": 2, "TEXTS": "Sommaire."}]}', 'success', null),
  (3, 'orphelin.pdf', null::text, null, null::text),
  (4, 'Rapport de durabilité.pdf', '{"ESRS E1": [{"PAGES": 4, "TEXTS": "Objectif."}], "Non ESRS": []}', 'success', null),
  (5, 'Plan de vigilance.pdf', null, 'error', 'Le fichier de Camille Fictivel ne peut pas être lu'),
  (6, 'vide.pdf', '{}', 'success', null)
) as v (id, nom, resultat, etat, message);

insert into entreprises_entreprise_analyses_ia (id, entreprise_id, analyseia_id)
values (1, 13, 1), (2, 13, 2), (3, 30, 5), (4, 29, 6);

insert into reglementations_rapportcsrd_analyses_ia (id, rapportcsrd_id, analyseia_id)
values (1, 1, 4), (2, 2, 4), (3, 3, 5);

insert into feeds_egapro (siren, annee, etat, reponse_api, raison, releve_le)
select
  e.siren, p.annee - 1, v.etat,
  case when v.etat = 'connu' then jsonb_build_object('entreprise', jsonb_build_object('siren', e.siren),
    'déclaration', jsonb_build_object('index', 88, 'année_indicateurs', p.annee - 1)) end,
  case when v.etat = 'inconnu' then 'delai' end,
  p.fin
from parametres p
cross join entreprises_entreprise e
cross join lateral (select case
    when e.id = 16 or p.sources_en_panne then 'inconnu'
    when e.id % 2 = 0 then 'connu'
    else 'absent'
  end as etat) as v
where e.id <> 17;

insert into feeds_bges (siren, dt_publication, releve_le)
select e.siren, v.publie_le, p.fin
from parametres p
cross join lateral (values
  (8, make_date(p.annee - 3, 1, 1)), (8, make_date(p.annee - 7, 6, 1)),
  (18, make_date(p.annee - 4, 12, 31)), (19, make_date(p.annee + 1, 3, 1))
) as v (entreprise_id, publie_le)
join entreprises_entreprise e on e.id = v.entreprise_id
where not p.sources_en_panne;
