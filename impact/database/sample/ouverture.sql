-- Ouverture de la session de remplissage : le hasard reproductible et le calendrier dont tout le reste découle. Rien
-- ici n’utilise random() : chaque tirage est une fonction de hachage de (clé, sel), donc la même taille et le même jour
-- donnent les mêmes lignes, quelle que soit la version du serveur. La table parametres est créée par l’appelant. Les
-- clés jusqu’à 100 sont réservées, dans chaque table, aux cas limites écrits à la main ; les lignes tirées commencent à
-- 101.

-- Un nombre dans [0, 1[. Le quotient par une puissance de deux est exact : aucune plate-forme ne l’arrondit autrement.
create function pg_temp.hasard(cle bigint, sel text) returns float8
language sql immutable parallel safe as $$
  select (hashint8extended(cle, hashtextextended(sel, 0)) & 2147483647) / 2147483648::float8
$$;

create function pg_temp.entier(cle bigint, sel text, minimum integer, maximum integer) returns integer
language sql immutable parallel safe as $$
  select minimum + floor(pg_temp.hasard(cle, sel) * (maximum - minimum + 1))::integer
$$;

-- Une valeur de la liste selon des pourcentages cumulés ; la dernière valeur prend le reste jusqu’à 100.
create function pg_temp.tirage(cle bigint, sel text, valeurs text[], cumuls float8[]) returns text
language sql immutable parallel safe as $$
  select valeurs[1 + width_bucket(100 * pg_temp.hasard(cle, sel), cumuls)]
$$;

create function pg_temp.parmi(cle bigint, sel text, valeurs text[]) returns text
language sql immutable parallel safe as $$
  select valeurs[1 + floor(pg_temp.hasard(cle, sel) * cardinality(valeurs))::integer]
$$;

-- Une valeur entre des quantiles, en ligne droite de l’un à l’autre : les bornes montent avec les rangs, de 0 à 1.
create function pg_temp.quantile(cle bigint, sel text, rangs float8[], bornes float8[]) returns float8
language sql immutable parallel safe as $$
  select bornes[i] + (bornes[i + 1] - bornes[i]) * (u - rangs[i]) / (rangs[i + 1] - rangs[i])
  from (select pg_temp.hasard(cle, sel) as u) as t
  cross join lateral (select width_bucket(u, rangs) as i) as w
$$;

create function pg_temp.identifiant(cle bigint, sel text) returns uuid
language sql immutable parallel safe as $$
  select (lpad(to_hex(hashint8extended(cle, hashtextextended(sel, 1))), 16, '0')
       || lpad(to_hex(hashint8extended(cle, hashtextextended(sel, 2))), 16, '0'))::uuid
$$;

-- Le dernier jour du mois, donc le 29 février des années bissextiles.
create function pg_temp.fin_de_mois(annee integer, mois integer) returns date
language sql immutable parallel safe as $$
  select (make_date(annee, mois, 1) + interval '1 month' - interval '1 day')::date
$$;

-- Des prénoms courants et des noms inventés : aucun couple ne désigne quelqu’un.
create function pg_temp.prenom(cle bigint) returns text
language sql immutable parallel safe as $$
  select pg_temp.parmi(cle, 'prenom', array[
    'Camille', 'Dominique', 'Claude', 'Alix', 'Sacha', 'Noé', 'Inès', 'Léon', 'Zoé', 'Basile', 'Agathe', 'Félix', 'Jeanne',
    'Octave', 'Suzanne', 'Hippolyte', 'Clémence', 'Aurèle', 'Margaux', 'Anatole', 'Solène', 'Gaspard', 'Élise', 'Côme'])
$$;

create function pg_temp.nom(cle bigint) returns text
language sql immutable parallel safe as $$
  select pg_temp.parmi(cle, 'nom', array[
    'Fictivel', 'Exemplard', 'Modélot', 'Spécimaud', 'Factissier', 'Imaginot', 'Inventoire', 'Prétendault', 'Suppozier',
    'Hypothésard', 'Maquettier', 'Brouillonneau', 'Échantillac', 'Figurandel', 'Simulier', 'Essayran', 'Gabarieu',
    'Patronnet-Essai', 'Témoinard', 'Canevat', 'Épreuvier', 'Croquisard', 'Esquissard', 'Postichon'])
$$;

-- Les jours d’arrivée, du 1er octobre 2022 à la veille, avec un poids entier : une montée en S, le double avant le 1er
-- mars (échéance EgaPro), plus à l’automne et après un changement de règles, le quart en août et fin décembre, presque
-- rien le week-end. Les poids sont entiers pour que le découpage soit exact.
create temporary table calendrier on commit drop as
select
  jour,
  poids,
  sum(poids) over (order by jour) as cumul,
  sum(poids) over () as total
from (
  select
    jour,
    (100 + t * (1400 - t) / 490)
      * case
          when mois = 8 or (mois = 12 and jour_du_mois >= 20) then 25
          when mois = 2 and jour_du_mois >= 15 then 250
          when annee_mois = '2024-01' then 180
          when mois in (9, 10, 11) then 150
          else 100
        end
      * case when extract(isodow from jour) >= 6 then 4 else 100 end as poids
  from (
    select
      date '2022-10-01' + n as jour,
      1000::bigint * n / (p.aujourd_hui - date '2022-10-01') as t,
      extract(month from date '2022-10-01' + n) as mois,
      extract(day from date '2022-10-01' + n) as jour_du_mois,
      to_char(date '2022-10-01' + n, 'YYYY-MM') as annee_mois
    from parametres p
    cross join lateral generate_series(0, p.aujourd_hui - date '2022-10-01' - 1) as n
  ) as jours
) as ponderes;
