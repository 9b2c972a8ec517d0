-- Les rapports VSME (norme volontaire, EFRAG, décembre 2024) et leurs indicateurs : 8 % des entreprises inscrites en
-- ont un. Avancement visé : 0 pour 25 %, 1 à 20 pour 40 %, 21 à 80 pour 25 %, 81 à 99 pour 5 %, 100 pour 5 %. Les clés
-- lues par les règles d’applicabilité (choix_module, type_perimetre, coopérative, forme_juridique, pays, pratiques,
-- nombre_salaries, non_pertinent) ont la forme que l’application enregistre ; le reste des valeurs est inventé.

-- Les 61 indicateurs dans l’ordre de la norme : 42 du module de base (B), 19 du module complet (C).
create temporary table indicateur_vsme on commit drop as
select row_number() over ()::integer as numero, schema_id, donnees::jsonb
from (values
  ('B1-24-a', '{}'),
  ('B1-24-b', '{"non_pertinent": true, "omission_informations": []}'),
  ('B1-24-c', '{"type_perimetre": "individuelle"}'),
  ('B1-24-d', '{"filiales": [{
    "denomination_filiale": "Filiale Exemple", "adresse": "1 rue de l’Exemple", "pays": "FRA",
    "code_postal": "33000", "commentaire": ""}]}'),
  ('B1-24-e-i', '{"coopérative": false, "forme_juridique": "57"}'),
  ('B1-24-e-ii', '{"nace": ["25.62"]}'),
  ('B1-24-e-iii', '{"bilan": 4200000}'),
  ('B1-24-e-iv', '{"chiffre_affaires": 6800000}'),
  ('B1-24-e-v', '{"methode_comptabilisation": "ETP", "nombre_salaries": 42}'),
  ('B1-24-e-vi', '{"pays": ["FRA"]}'),
  ('B1-24-e-vii', '{"sites": [{
    "id_site": 1, "nom_site": "Atelier", "adresse": "1 rue de l’Exemple",
    "code_postal": "33000", "ville": "Exemple-sur-Mer", "pays": "FRA", "geolocalisation": "[0,0]"}]}'),
  ('B1-25', '{"non_pertinent": true, "certifications": []}'),
  ('B2-26-p1', '{"non_pertinent": false, "participation_gouvernance": "Assemblée annuelle des sociétaires"}'),
  ('B2-26-p2', '{"non_pertinent": false, "investissement_economie_sociale": 12000}'),
  ('B2-26-p3', '{"non_pertinent": true}'),
  ('B2-26', '{"non_pertinent": false, "declaration_durabilite": {
    "changement_climatique": {"pratiques": true, "accessibles": true, "cibles": false},
    "eau": {"pratiques": false, "accessibles": false, "cibles": false},
    "personnel": {"pratiques": true, "accessibles": false, "cibles": false}}}'),
  ('B3-29-p1', '{"non_pertinent": false, "consommation_energie": 1250}'),
  ('B3-29-p2', '{"non_pertinent": true}'),
  ('B3-30-p1', '{"non_pertinent": false, "scope_1": 120, "scope_2": 45}'),
  ('B3-30-p2', '{"non_pertinent": false, "scope_3": 890}'),
  ('B4-32-p1', '{"non_pertinent": true, "pollution_air": []}'),
  ('B4-32-p2', '{"non_pertinent": true, "pollution_eau": []}'),
  ('B4-32-p3', '{"non_pertinent": true, "pollution_sols": []}'),
  ('B5-33', '{"non_pertinent": true, "sites_zones_sensibles": []}'),
  ('B5-34', '{"non_pertinent": false, "superficie_totale": 5400}'),
  ('B6-35', '{"total_prelevements_eau": 2200, "total_prelevements_eau_sites_sensibles": 0}'),
  ('B6-36', '{"non_pertinent": true}'),
  ('B7-37', '{"non_pertinent": false, "economie_circulaire": "Réemploi des emballages"}'),
  ('B7-38-ab', '{"non_pertinent": false, "dechets_dangereux": 2, "dechets_non_dangereux": 31}'),
  ('B7-38-c', '{"non_pertinent": true}'),
  ('B8-39-a', '{"effectifs_type_de_contrat": {
    "contrat_permanent": {"nombre_salaries": 38}, "contrat_temporaire": {"nombre_salaries": 4}}}'),
  ('B8-39-b', '{"effectifs_genre": {"hommes": {"nombre_salaries": 22}, "femmes": {"nombre_salaries": 20}}}'),
  ('B8-39-c', '{"effectifs_pays": {"FRA": {"nombre_salaries": 30}, "DEU": {"nombre_salaries": 12}}}'),
  ('B8-40', '{"taux_rotation": 8.5}'),
  ('B9-41a', '{"nombre_accidents_travail": 1, "taux_accidents_travail": 12.3}'),
  ('B9-41b', '{"nombre_deces": 0}'),
  ('B10-42-a', '{"respect_salaire_minimum": true}'),
  ('B10-42-b', '{"remuneration_horaire_hommes": 21, "remuneration_horaire_femmes": 20}'),
  ('B10-42-c', '{"taux_couverture": 100}'),
  ('B10-42-d', '{"nombre_heures_formation": 310}'),
  ('B11-43-p1', '{"non_pertinent": false, "nombre_condamnations": 0}'),
  ('B11-43-p2', '{"non_pertinent": false, "montant_amendes": 0}'),
  ('C1-47-a', '{"non_pertinent": false, "description": "Usinage de pièces"}'),
  ('C1-47-b', '{"non_pertinent": false, "description": "Industrie, France"}'),
  ('C1-47-c', '{"non_pertinent": false, "description": "Fournisseurs régionaux"}'),
  ('C1-47-d', '{"non_pertinent": true}'),
  ('C2-48', '{"non_pertinent": false, "description": "Plan de sobriété"}'),
  ('C3-54-p1', '{"non_pertinent": false, "objectif": "Moins 30 % en 2030"}'),
  ('C3-54-p2', '{"non_pertinent": false, "actions": "Remplacement de la chaudière"}'),
  ('C3-55', '{"non_pertinent": true}'),
  ('C4-57', '{"non_pertinent": false, "aleas_et_risques_climatiques": [{"risque": "Inondation", "horizon": "moyen terme"}]}'),
  ('C4-58', '{"non_pertinent": false, "effets": "Arrêt de production possible"}'),
  ('C5-59', '{"non_pertinent": false, "ratio_encadrement": 0.8}'),
  ('C5-60', '{"non_pertinent": true}'),
  ('C6-61-ab', '{"non_pertinent": false, "code_de_conduite": true}'),
  ('C6-61-c', '{"non_pertinent": false, "mecanisme_plaintes": false}'),
  ('C7-62-ab', '{"incidents": false}'),
  ('C7-62-c', '{"non_pertinent": true}'),
  ('C8-63', '{"non_pertinent": false, "revenus": []}'),
  ('C8-64', '{"non_pertinent": true}'),
  ('C9-65', '{"ratio_conseil": 0.5}')
) as indicateurs (schema_id, donnees);

create temporary table tirage_vsme on commit drop as
select
  row_number() over (order by r.cree_le, r.entreprise_id, r.annee) as rang,
  r.*,
  case when a.cible = 0 then null
    when a.cible = 100 then coalesce(m.module, 'base')
    else m.module
  end as module,
  case when a.cible > 0 and (m.module = 'base' or (a.cible = 100 and m.module is null)) then 42 else 61 end as portee,
  a.cible
from (
  select
    e.id as entreprise_id,
    p.annee - 1 - n + (n = 0 and pg_temp.hasard(e.id, 'vsme en avance') < 0.08)::integer as annee,
    e.id * 4 + n as cle,
    least(p.fin - interval '1 hour', greatest(e.cree_le + interval '1 day',
      p.fin - interval '500 days' * pg_temp.hasard(e.id * 4 + n, 'vsme ouvert'))) as cree_le
  from tirage_entreprise e
  cross join parametres p
  cross join lateral generate_series(0,
    pg_temp.tirage(e.id, 'années vsme', array['0', '1', '2'], array[75, 93])::integer) as n
  where e.inscrite and pg_temp.hasard(e.id, 'vsme') < 0.08
) as r
cross join lateral (select pg_temp.tirage(r.cle, 'module', array['base', 'complet', null], array[66.7, 93.3]) as module) as m
cross join lateral (select pg_temp.hasard(r.cle, 'avancement') as tirage) as t
cross join parametres q
cross join lateral (select case
    when t.tirage < 0.25 then 0
    when t.tirage < 0.65 then pg_temp.entier(r.cle, 'cible', 1, 20)
    when t.tirage < 0.90 then pg_temp.entier(r.cle, 'cible', 21, 80)
    -- Un rapport se complète avec le temps.
    when t.tirage < 0.98 - 0.06 * extract(epoch from q.fin - r.cree_le) / 43200000 then pg_temp.entier(r.cle, 'cible', 85, 99)
    else 100
  end as cible) as a;

insert into vsme_rapportvsme (id, entreprise_id, annee, created_at, updated_at)
select 100 + rang, entreprise_id, annee, cree_le, cree_le
from tirage_vsme
order by rang;

-- On remplit à peu près dans l’ordre ; l’énergie (B3) et la pollution (B4) se laissent pour plus tard, les effectifs (B8)
-- se donnent tôt. Sous 100 %, le dernier indicateur de la portée, toujours applicable, manque
-- toujours.
insert into vsme_indicateur (id, rapport_vsme_id, schema_id, schema_version, _data, created_at, updated_at)
select
  100 + (r.rang - 1) * 61 + i.numero,
  100 + r.rang,
  i.schema_id,
  1,
  case i.schema_id
    when 'B1-24-a' then jsonb_build_object('choix_module', r.module)
    when 'B1-24-c' then case when pg_temp.hasard(r.cle, 'périmètre') < 0.25
      then '{"type_perimetre": "consolidee"}' else i.donnees end
    when 'B1-24-e-i' then case
      when pg_temp.hasard(r.cle, 'coopérative') < 0.06 then '{"coopérative": true, "forme_juridique": "54"}'
      when pg_temp.hasard(r.cle, 'coopérative') < 0.10 then '{"coopérative": false, "forme_juridique": "51"}'
      when pg_temp.hasard(r.cle, 'coopérative') < 0.13 then '{"coopérative": false, "forme_juridique": "63"}'
      else i.donnees end
    when 'B1-24-e-iii' then jsonb_build_object('bilan', 1000 * pg_temp.entier(r.cle, 'bilan', 80, 60000))
    when 'B1-24-e-iv' then jsonb_build_object('chiffre_affaires', 1000 * pg_temp.entier(r.cle, 'ca', 120, 90000))
    -- L’application a enregistré les décimaux tantôt en texte, tantôt en nombre.
    when 'B1-24-e-v' then i.donnees || case when r.cle % 2 = 0
      then jsonb_build_object('nombre_salaries', pg_temp.entier(r.cle, 'salariés', 3, 240))
      else jsonb_build_object('nombre_salaries', pg_temp.entier(r.cle, 'salariés', 3, 240) || '.5') end
    when 'B1-24-e-vi' then case when pg_temp.hasard(r.cle, 'pays') < 0.2 then '{"pays": ["DEU", "FRA"]}' else i.donnees end
    when 'B2-26' then case
      when pg_temp.hasard(r.cle, 'pratiques') < 0.10 then '{"non_pertinent": true}'
      when pg_temp.hasard(r.cle, 'pratiques') < 0.25 then
        '{"non_pertinent": false,
          "declaration_durabilite": {"eau": {"pratiques": false, "accessibles": false, "cibles": false}}}'
      else i.donnees end
    when 'B3-30-p2' then case when pg_temp.hasard(r.cle, 'scope 3') < 0.6 then '{"non_pertinent": true}' else i.donnees end
    when 'C3-54-p1' then case when pg_temp.hasard(r.cle, 'cibles ges') < 0.4 then '{"non_pertinent": true}' else i.donnees end
    when 'C4-57' then case when pg_temp.hasard(r.cle, 'risques') < 0.4
      then '{"non_pertinent": false, "aleas_et_risques_climatiques": []}' else i.donnees end
    else i.donnees
  end,
  d.cree_le,
  least(p.fin, d.cree_le + interval '20 days'
    * pg_temp.hasard(r.cle * 64 + i.numero, 'vsme relu') * pg_temp.hasard(r.cle, 'vsme relu'))
from tirage_vsme r
cross join parametres p
join indicateur_vsme i on i.numero <= r.portee
cross join lateral (select r.cree_le + (p.fin - r.cree_le) * 0.8
  * pg_temp.hasard(r.cle, 'rythme vsme') * i.numero / 61 as cree_le) as d
where r.cible > 0
  and (r.module is not null or i.numero > 1)
  and (r.cible = 100
    or i.numero = case when r.module is null then 2 else 1 end
    or (i.numero < r.portee
        and i.numero + case split_part(i.schema_id, '-', 1) when 'B3' then 12 when 'B4' then 14 when 'B8' then -14 else 0 end
          + 8 * (pg_temp.hasard(r.cle * 64 + i.numero, 'ordre') - 0.5) <= r.cible * r.portee / 100.0))
order by 1;
