-- Les BDESE : documents officiels (user_id vide) et brouillons des personnes.
-- Pour l’année évaluée (la précédente), 6 % des assujetties sont à jour, 14 % en cours, 80 % n’ont rien. S’y ajoute du
-- bruit que la règle doit ignorer : autres années (10 %), brouillons différents de deux personnes (4 %).
-- Une BDESE avec accord n’est jamais « en cours » : les 14 % portent donc sur les seules autres.

create temporary table tirage_bdese on commit drop as
select
  c.entreprise_id,
  c.accord,
  case when c.accord then 'accord' when c.effectif in ('50-249', '250-299') then '50_300' else '300' end as modele,
  u.premier_id,
  u.second_id,
  pg_temp.hasard(c.entreprise_id, 'bdese') as tirage,
  e.cree_le
from (
  select distinct on (entreprise_id) entreprise_id, effectif, coalesce(bdese_accord, false) as accord
  from entreprises_caracteristiquesannuelles
  order by entreprise_id, annee desc
) as c
join tirage_entreprise e on e.id = c.entreprise_id and e.inscrite
join (
  select entreprise_id, min(user_id) as premier_id, nullif(max(user_id), min(user_id)) as second_id
  from habilitations_habilitation
  group by entreprise_id
) as u using (entreprise_id)
where c.effectif not in ('0-9', '10-49');

create temporary table etapes_bdese on commit drop as
select row_number() over ()::integer as numero, etape
from unnest(array[
  'Configuration', 'Investissement social', 'Investissement matériel et immatériel', 'Egalité professionnelle homme/femme',
  'Fonds propres, endettement et impôts', 'Rémunérations', 'Représentation du personnel et Activités sociales et culturelles',
  'Rémunération des financeurs', 'Flux financiers', 'Partenariats', 'Transferts commerciaux et financiers',
  'Environnement']) as etape;

-- Les treize objets possibles : les n premières étapes faites, de 0 à 12.
create temporary table avancement_bdese on commit drop as
select n as faites, jsonb_object_agg(etape, numero <= n) as etapes
from generate_series(0, 12) as n
cross join etapes_bdese
group by n;

-- faites : étapes cochées ; 12 veut dire complet, pour un accord aussi.
create temporary table document_bdese on commit drop as
select
  d.entreprise_id, d.modele, d.user_id, d.annee, d.faites,
  least(p.fin, greatest(d.cree_le + interval '1 hour',
    make_date(d.annee + 1, 1, 10)::timestamp at time zone 'Europe/Paris'
      + interval '150 days' * pg_temp.hasard(d.entreprise_id * 8 + d.annee, 'bdese ouverte'))) as cree_le
from (
  select
    b.entreprise_id, b.modele, null::bigint as user_id, p.annee - 1 as annee, b.cree_le,
    case when b.tirage < 0.06 then 12 else pg_temp.entier(b.entreprise_id, 'étapes', 0, 11) end as faites
  from tirage_bdese b
  cross join parametres p
  where b.tirage < case when b.accord then 0.16 else 0.06 + 0.14 / 0.85 end
  union all
  select
    b.entreprise_id,
    case when pg_temp.hasard(b.entreprise_id, 'autre modèle') < 0.25 then '50_300' else b.modele end,
    null, p.annee - 1 - pg_temp.entier(b.entreprise_id, 'autre année', 1, 2), b.cree_le,
    case when pg_temp.hasard(b.entreprise_id, 'autre année complète') < 0.5 then 12
      else pg_temp.entier(b.entreprise_id, 'étapes anciennes', 1, 11) end
  from tirage_bdese b
  cross join parametres p
  where pg_temp.hasard(b.entreprise_id, 'autre année') < 0.10
  union all
  select
    b.entreprise_id, b.modele, n.user_id, p.annee - 1, b.cree_le,
    pg_temp.entier(b.entreprise_id * 2 + n.numero, 'brouillon', 0, 6) + 6 * n.numero
  from tirage_bdese b
  cross join parametres p
  cross join lateral (values (0, b.premier_id), (1, b.second_id)) as n (numero, user_id)
  -- Une entreprise sur cinq a deux personnes : 18 % de celles-là font 4 % de toutes.
  where b.second_id is not null and pg_temp.hasard(b.entreprise_id, 'brouillons') < 0.18
) as d
cross join parametres p;

insert into reglementations_bdese_300 (
  id, entreprise_id, user_id, annee, categories_professionnelles, external_fields, completion_steps, created_at, updated_at)
select
  100 + row_number() over (order by d.cree_le, d.entreprise_id, d.annee, d.user_id nulls first),
  d.entreprise_id, d.user_id, d.annee,
  case when d.faites > 0 then '["Ouvriers", "Employés", "Techniciens", "Cadres"]'::jsonb end,
  case when d.faites > 6 then '["nombre_travailleurs_exterieurs"]'::jsonb else '[]' end,
  a.etapes, d.cree_le, least(p.fin, d.cree_le + interval '3 days' * d.faites)
from document_bdese d
join avancement_bdese a using (faites)
cross join parametres p
where d.modele = '300'
order by 1;

insert into reglementations_bdese_50_300 (
  id, entreprise_id, user_id, annee, categories_professionnelles, external_fields, completion_steps, created_at, updated_at)
select
  100 + row_number() over (order by d.cree_le, d.entreprise_id, d.annee, d.user_id nulls first),
  d.entreprise_id, d.user_id, d.annee,
  case when d.faites > 0 then '["Ouvriers", "Employés", "Cadres"]'::jsonb end,
  '[]', a.etapes, d.cree_le, least(p.fin, d.cree_le + interval '3 days' * d.faites)
from document_bdese d
join avancement_bdese a using (faites)
cross join parametres p
where d.modele = '50_300'
order by 1;

insert into reglementations_bdeseavecaccord (
  id, entreprise_id, user_id, annee, categories_professionnelles, external_fields, is_complete, created_at, updated_at)
select
  100 + row_number() over (order by d.cree_le, d.entreprise_id, d.annee, d.user_id nulls first),
  d.entreprise_id, d.user_id, d.annee, null, '[]', d.faites = 12, d.cree_le, d.cree_le
from document_bdese d
where d.modele = 'accord'
order by 1;
