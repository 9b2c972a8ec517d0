-- Les entreprises et leurs caractéristiques annuelles : taille, chiffre d’affaires, groupe, forme juridique, pays, NAF,
-- exercices. Les proportions sont des hypothèses plausibles, pas des statistiques du service : 70 % d’entreprises avec
-- utilisateurs, 30 % de simulations anonymes, 60 % d’assujetties à la BDESE parmi les évaluées. tirage_entreprise
-- reste, pour la suite, la mémoire de ce qui a été tiré.

create temporary table tirage_taille on commit drop as
select
  a.id,
  a.rang::float8 / a.nombre as anciennete,
  ((a.jour + interval '8 hours' + interval '11 hours' * pg_temp.hasard(a.id, 'heure d’arrivée')) at time zone 'Europe/Paris')
    as cree_le,
  a.inscrite,
  -- Le questionnaire de janvier 2024 a fait une marche ; la part de qualifiées monte encore depuis.
  not a.inscrite or pg_temp.hasard(a.id, 'questionnaire') < case
    when a.jour < date '2024-01-01' then 0.65
    else least(0.87, 0.77 + 0.04 * (a.jour - date '2024-01-01') / 365.0)
  end as qualifiee,
  case
    when a.inscrite then pg_temp.tirage(a.id, 'taille',
      array['0-9', '10-49', '50-249', '250-299', '300-499', '500-4999', '5000-9999', '10000+'],
      array[18, 40, 74, 78, 86, 98, 99.2])
    else pg_temp.tirage(a.id, 'taille',
      array['0-9', '10-49', '50-249', '250-299', '300-499', '500-4999', '5000-9999', '10000+'],
      array[35, 62, 86, 88, 92, 99, 99.6])
  end as effectif
from (
  select
    100 + rang as id,
    rang,
    m.nombre,
    c.jour,
    pg_temp.hasard(100 + rang, 'avec utilisateurs') < 0.70 as inscrite
  from parametres p
  cross join lateral (select p.taille - p.cas_limites as nombre) as m
  cross join calendrier c
  cross join lateral generate_series(
    ((c.cumul - c.poids) * m.nombre / c.total)::bigint + 1,
    (c.cumul * m.nombre / c.total)::bigint
  ) as rang
) as a;

-- classe : 0 moins de 10, 1 moins de 50, 2 moins de 250, 3 moins de 500, 4 au-delà.
create temporary table tirage_entreprise on commit drop as
select
  t.id, t.anciennete, t.cree_le, t.inscrite, t.qualifiee, t.effectif, c.classe, s.siren, s.siren_voisin,
  case
    when t.effectif = '0-9' and pg_temp.hasard(t.id, 'entrepreneur individuel') < 0.0866 then 1000
    else pg_temp.tirage(t.id, 'forme juridique',
      array['5710', '5499', '5599', '9220', '5699', '5785', '5458', '5558', '6540', '6317', '6411', '8210', '8510', '5800',
            '5308', '5385', '4110', '4120', '4140', '7210', '7344', '9300', null, '2110'],
      array[50, 68.5, 77.7, 83.8, 85.9, 86.9, 87.9, 88.9, 89.9, 90.9, 91.6, 92.4, 92.7, 93.2, 93.45, 93.7, 94.4, 95.1, 95.8,
            96.8, 97.8, 98.5, 99.5])::integer
  end as forme_juridique,
  case when pg_temp.hasard(t.id, 'étrangère') < 0.02 then pg_temp.parmi(t.id, 'pays',
    array['99109', '99131', '99137', '99134', '99127', '99101', '99103', '99132', '99404', '99401'])::integer
  end as pays,
  pg_temp.tirage(t.id, 'mois de clôture',
    array['12', '6', '9', '3', '1', '4', '5', '7', '8', '10', '11', '2'],
    array[72, 80, 87, 93, 93.9, 94.8, 95.7, 96.7, 97.7, 98.6, 99.5])::integer as mois_cloture,
  case
    when not t.inscrite then 1
    when t.anciennete < 0.5 then
      pg_temp.tirage(t.id, 'nombre d’années', array['1', '2', '3', '4'], array[30, 70, 92])::integer
    else pg_temp.tirage(t.id, 'nombre d’années', array['1', '2'], array[80])::integer
  end as nombre_annees,
  -- Une inscription sur deux n’est jamais requalifiée ; les autres le sont à un moment quelconque depuis.
  t.cree_le + (p.fin - t.cree_le) * case
    when t.inscrite and pg_temp.hasard(t.id, 'requalifiée') < 0.55 then pg_temp.hasard(t.id, 'date de requalification')
    else 0
  end as qualifie_le,
  ca.rang as ca,
  -- Le bilan a une tranche de plus que le chiffre d’affaires : la troisième se partage en deux.
  least(4, greatest(0, case ca.rang
      when 2 then 2 + (pg_temp.hasard(t.id, 'bilan partagé') < 0.5)::integer
      when 3 then 4
      else ca.rang
    end + pg_temp.tirage(t.id, 'bilan', array['-1', '1', '0'], array[20, 30])::integer)) as bilan,
  pg_temp.hasard(t.id, 'groupe') < (array[0.08, 0.20, 0.45, 0.65, 0.80])[c.classe + 1] as groupe,
  pg_temp.hasard(t.id, 'société mère') < 0.25 as societe_mere,
  pg_temp.hasard(t.id, 'mère en France') < 0.85 as mere_en_france,
  pg_temp.hasard(t.id, 'comptes consolidés') < 0.60 as consolide,
  -- La tranche du groupe n’est jamais sous celle de l’entreprise, et celle de France jamais au-dessus de
  -- l’internationale.
  least(6, greatest(1, g.rang_propre
    + pg_temp.tirage(t.id, 'effectif du groupe', array['0', '1', '2'], array[50, 85])::integer))
    as groupe_monde,
  g.rang_propre as groupe_propre,
  pg_temp.hasard(t.id, 'cotée') < case when c.classe = 4 then 0.06 else 0.005 end as cotee,
  pg_temp.hasard(t.id, 'intérêt public') < 0.015 as interet_public,
  pg_temp.hasard(t.id, 'effectif manquant') < 0.01 as effectif_manquant,
  pg_temp.hasard(t.id, 'outre-mer manquant') < 0.02 as outre_mer_manquant,
  pg_temp.hasard(t.id, 'accord') < case when c.classe >= 2 then 0.15 else 0.02 end as accord
from tirage_taille t
cross join parametres p
cross join lateral (select array_position(
  array['0-9', '10-49', '50-249', '250-299', '300-499', '500-4999', '5000-9999', '10000+'], t.effectif) as rang) as r
cross join lateral (select (array[0, 1, 2, 3, 3, 4, 4, 4])[r.rang] as classe) as c
cross join lateral (select (array[1, 1, 2, 3, 3, 4, 5, 6])[r.rang] as rang_propre) as g
cross join lateral (select width_bucket(100 * pg_temp.hasard(t.id, 'chiffre d’affaires'), case c.classe
    when 0 then array[75, 99, 99.8] when 1 then array[12, 97, 99] when 2 then array[2, 82, 95] when 3 then array[0, 35, 75]
    else array[0, 8, 30] end::float8[]) as rang) as ca
-- Huit chiffres par permutation des clés, puis un neuvième qui n’est jamais la clé de Luhn : le siren ne peut pas
-- exister.
cross join lateral (select 10000000 + t.id * 48271441 % 90000000 as tete) as h
cross join lateral (select ((
    h.tete / 10000000 % 10 + h.tete / 100000 % 10 + h.tete / 1000 % 10 + h.tete / 10 % 10
    + d.double[1 + h.tete / 1000000 % 10] + d.double[1 + h.tete / 10000 % 10]
    + d.double[1 + h.tete / 100 % 10] + d.double[1 + h.tete % 10]) % 10) as reste
  from (select array[0, 2, 4, 6, 8, 1, 3, 5, 7, 9] as double) as d) as l
cross join lateral (select
    h.tete || ((10 - l.reste + 1 + t.id % 9) % 10)::text as siren,
    h.tete || ((10 - l.reste + 1 + (t.id + 1) % 9) % 10)::text as siren_voisin) as s;

insert into entreprises_entreprise (
  id, siren, denomination, date_derniere_qualification, categorie_juridique_sirene, code_pays_etranger_sirene,
  date_cloture_exercice, est_cotee, est_interet_public, appartient_groupe, est_societe_mere, societe_mere_en_france,
  comptes_consolides, "code_NAF", code_postal, created_at, updated_at)
select
  e.id,
  e.siren,
  case
    when e.forme_juridique = 1000 then pg_temp.prenom(e.id) || ' ' || pg_temp.nom(e.id)
    else 'Société Exemple ' || lpad(e.id::text, greatest(4, length(e.id::text)), '0')
  end,
  case when e.qualifiee then (e.qualifie_le at time zone 'UTC')::date end,
  e.forme_juridique,
  e.pays,
  case when e.qualifiee then pg_temp.fin_de_mois(x.annee, e.mois_cloture) end,
  case when e.qualifiee then e.cotee end,
  case when e.qualifiee then e.cotee or e.interet_public end,
  case when e.qualifiee then e.groupe end,
  case when e.qualifiee and e.groupe then e.societe_mere end,
  case when e.qualifiee and e.groupe then e.mere_en_france end,
  case when e.qualifiee and e.groupe then e.consolide end,
  -- Les plus anciennes n’ont pas toutes été relues depuis que le code NAF est demandé.
  case when e.anciennete < 0.2 and pg_temp.hasard(e.id, 'naf manquant') < 0.25 then null
    else pg_temp.tirage(e.id, 'naf',
      array['10.71A', '20.42Z', '25.62B', '28.29B', '46.69B', '47.11F', '45.11Z', '41.20A', '43.21A', '49.41B', '52.29B',
            '62.01Z', '62.02A', '70.22Z', '71.12B', '70.10Z', '81.21Z', '78.20Z', '82.99Z', '86.10Z', '87.10A', '88.99B',
            '65.12Z', '64.20Z', '85.59A', '01.11Z'],
      array[6, 12, 18, 24, 30, 35, 40, 44, 48, 52, 55, 60, 65, 70, 75, 79, 82, 85, 87, 89, 91, 93, 94.5, 96, 98])
  end,
  case when e.pays is null and pg_temp.hasard(e.id, 'code postal manquant') >= 0.02 then case d.departement
      when '75' then '750' || lpad(pg_temp.entier(e.id, 'commune', 1, 20)::text, 2, '0')
      when 'Corse' then pg_temp.parmi(e.id, 'Corse', array['2A004', '2B033'])
      when 'outre-mer' then pg_temp.parmi(e.id, 'outre-mer', array['97110', '97200', '97300', '97400', '97600'])
      when 'autre' then lpad((1 + pg_temp.entier(e.id, 'département', 0, 94))::text, 2, '0')
        || lpad((10 * pg_temp.entier(e.id, 'commune', 0, 79))::text, 3, '0')
      else d.departement || lpad((10 * pg_temp.entier(e.id, 'commune', 0, 79))::text, 3, '0')
    end
  end,
  e.cree_le,
  least(p.fin, greatest(case when e.qualifiee then e.qualifie_le else e.cree_le end,
    e.cree_le + (p.fin - e.cree_le) * pg_temp.hasard(e.id, 'modification') * pg_temp.hasard(e.id, 'modification tardive')))
from tirage_entreprise e
cross join parametres p
-- Dernier exercice clos le jour de la qualification : le jour de clôture lui-même n’est pas encore clos.
cross join lateral (select extract(year from e.qualifie_le at time zone 'UTC')::integer as annee) as y
cross join lateral (select y.annee
  - (pg_temp.fin_de_mois(y.annee, e.mois_cloture) >= (e.qualifie_le at time zone 'UTC')::date)::integer as annee) as x
cross join lateral (select pg_temp.tirage(e.id, 'région',
  array['75', '92', '69', '13', '59', '33', '31', '44', 'Corse', 'outre-mer', 'autre'],
  array[14, 23, 30, 35, 41, 45, 49, 53, 54, 55]) as departement) as d
order by e.id;

insert into entreprises_caracteristiquesannuelles (
  id, entreprise_id, annee, date_cloture_exercice, effectif, effectif_securite_sociale, effectif_outre_mer, effectif_groupe,
  effectif_groupe_france, tranche_chiffre_affaires, tranche_bilan, tranche_chiffre_affaires_consolide,
  tranche_bilan_consolide, bdese_accord, tranche_consommation_energie_finale, created_at, updated_at)
select
  100 + row_number() over (order by c.cree_le, e.id, k.recul),
  e.id,
  extract(year from s.date_cloture_exercice)::integer - k.recul,
  pg_temp.fin_de_mois(extract(year from s.date_cloture_exercice)::integer - k.recul, e.mois_cloture),
  case when not (e.effectif_manquant and e.inscrite and k.recul = 0) then
    case when a.classe < e.classe then (array['0-9', '10-49', '50-249', '300-499'])[a.classe + 1] else e.effectif end
  end,
  (array['0-9', '10-49', '50-249', '250-499', '500+'])[
    greatest(1, a.classe + 1 - (pg_temp.hasard(e.id, 'sécurité sociale') < 0.20)::integer)],
  case when e.inscrite and not (e.outre_mer_manquant and k.recul = 0) then
    case when e.classe >= 3 and pg_temp.hasard(e.id, 'outre-mer') < 0.01 then '250+' else '0-249' end
  end,
  case when e.groupe then g.tranches[e.groupe_monde] end,
  case when e.groupe then g.tranches[
    greatest(e.groupe_propre, e.groupe_monde - (pg_temp.hasard(e.id, 'groupe France') < 0.4)::integer)] end,
  (array['0-900k', '900k-50M', '50M-100M', '100M+'])[e.ca + 1],
  (array['0-450k', '450k-25M', '25M-43M', '43M-100M', '100M+'])[e.bilan + 1],
  case when e.groupe and e.consolide then (array['0-60M', '60M-100M', '100M+'])[
    least(3, greatest(1, e.groupe_monde - 2 + pg_temp.entier(e.id, 'ca consolidé', 0, 1)))] end,
  case when e.groupe and e.consolide then (array['0-30M', '30M-43M', '43M-100M', '100M+'])[
    least(4, greatest(1, e.groupe_monde - 2 + pg_temp.entier(e.id, 'bilan consolidé', 0, 2)))] end,
  case when e.inscrite then e.accord end,
  case when e.inscrite then pg_temp.tirage(e.id, 'énergie',
    array['0-2.75GWh', '2.75GWh-23.6GWh', '23.6GWh+'],
    case e.classe when 0 then array[99, 100] when 1 then array[97, 99.9] when 2 then array[85, 99] when 3 then array[60, 95]
      else array[25, 75] end::float8[]) end,
  c.cree_le,
  least(p.fin, c.cree_le + interval '60 days'
    * pg_temp.hasard(e.id * 8 + k.recul, 'relecture') * pg_temp.hasard(e.id * 8 + k.recul, 'relecture tardive'))
from tirage_entreprise e
join entreprises_entreprise s on s.id = e.id
cross join parametres p
cross join (select array['0-49', '50-249', '250-499', '500-4999', '5000-9999', '10000+'] as tranches) as g
cross join lateral generate_series(0, e.nombre_annees - 1) as k (recul)
cross join lateral (select e.cree_le + (e.qualifie_le - e.cree_le)
  * ((e.nombre_annees - 1 - k.recul)::float8 / greatest(e.nombre_annees - 1, 1)
     + (e.nombre_annees = 1)::integer) as cree_le) as c
-- Une année passée sur huit était d’une classe plus petite.
cross join lateral (select greatest(0, e.classe
  - (k.recul > 0 and pg_temp.hasard(e.id * 8 + k.recul, 'croissance') < 0.12)::integer) as classe) as a
where e.qualifiee
order by 1;
