-- L’historique d’une démonstration : ce que metabase_stats aurait gardé chaque jour depuis sa première ligne, le 28
-- novembre 2023, jusqu’à la veille, trois nuits manquées. Lu sur la base publiée : les arrivées sont celles des tables, et la
-- dernière valeur rejoint celle du jour publié. Chaque 1er janvier l’année regardée change : l’Index EgaPro retombe et
-- remonte jusqu’au 1er mars, la BDESE et la CSRD reprennent de zéro.
with aujourdhui as (select * from impact.metabase_stats order by date desc limit 1),
evenements as (
  select timezone('Europe/Paris', ajoutee_le)::date as jour, 1 as entreprise, inscrite::integer as inscrite, 0 as compte, 0 as vsme, 0 as complet
  from impact.metabase_entreprise
  union all
  select timezone('Europe/Paris', ajoute_le)::date, 0, 0, 1, 0, 0 from impact.metabase_utilisateur
  union all
  select timezone('Europe/Paris', cree_le)::date, 0, 0, 0, 1, 0 from impact.metabase_vsme
  union all
  select timezone('Europe/Paris', modifie_le)::date, 0, 0, 0, 0, 1 from impact.metabase_vsme where progression = 100
), cumuls as (
  select
    j::date as jour,
    extract(doy from j)::float8 - 1 as rang,
    sum(coalesce(sum(e.entreprise), 0)) over w as entreprises,
    sum(coalesce(sum(e.inscrite), 0)) over w as entreprises_inscrites,
    sum(coalesce(sum(e.compte), 0)) over w as comptes,
    sum(coalesce(sum(e.vsme), 0)) over w as vsme_rapports,
    sum(coalesce(sum(e.complet), 0)) over w as vsme_complets
  from aujourdhui a
  cross join lateral generate_series(timestamp '2022-10-01', a.date::timestamp, interval '1 day') as j
  left join evenements e on e.jour = j::date
  group by j
  window w as (order by j)
), arrivees as (
  select *, comptes - coalesce(lag(comptes, 90) over (order by jour), 0) as jeunes from cumuls
), parts as (
  select
    r.*,
    0.20 * (r.comptes - r.jeunes) + 0.55 * r.jeunes as actifs,
    case when r.rang < 59 then 0.08 + 0.62 * (r.rang / 59) ^ 2.2 else 0.70 + 0.02 * (r.rang - 59) / 306 end as egapro,
    0.002 + 0.067 * r.rang / 365 as bdese,
    0.9 + 0.1 * (r.jour - date '2023-11-28')::float8 / (a.date - date '2023-11-28') as bges,
    (1 + r.rang) / 365 as csrd,
    r.entreprises_inscrites::float8 / nullif(a.entreprises_inscrites, 0) as croissance
  from arrivees r cross join aujourdhui a
), figures as (
  select
    p.jour, p.entreprises, p.entreprises_inscrites, p.comptes, p.vsme_rapports, p.vsme_complets,
    round(a.comptes_actifs_30j * p.actifs / nullif(d.actifs, 0)) as comptes_actifs_30j,
    round(a.egapro_connu * p.croissance) as egapro_connu,
    round(a.egapro_a_jour * p.croissance * p.egapro / d.egapro) as egapro_a_jour,
    round(a.bdese_connu * p.croissance) as bdese_connu,
    round(a.bdese_a_jour * p.croissance * p.bdese / d.bdese) as bdese_a_jour,
    round(a.bges_connu * p.croissance) as bges_connu,
    round(a.bges_a_jour * p.croissance * p.bges / d.bges) as bges_a_jour,
    round(a.csrd_connu * p.croissance) as csrd_connu,
    round(a.csrd_a_jour * p.croissance * p.csrd / d.csrd) as csrd_a_jour
  from parts p cross join aujourdhui a join parts d on d.jour = a.date
  where p.jour >= '2023-11-28' and p.jour < a.date and p.jour not in ('2024-03-14', '2025-06-09', '2026-01-21')
)
select
  jour::text as date,
  bdese_a_jour + egapro_a_jour + bges_a_jour as reglementations_a_jour,
  bdese_connu + egapro_connu + bges_connu as reglementations_statut_connu,
  entreprises, entreprises_inscrites, comptes, comptes_actifs_30j, bdese_a_jour, bdese_connu, egapro_a_jour, egapro_connu,
  bges_a_jour, bges_connu, csrd_a_jour, csrd_connu, vsme_rapports, vsme_complets
from figures
order by jour;
