-- Les relevés des sources externes, tels que la nuit les laisse. EgaPro répond entreprise par entreprise : chaque
-- réponse, absence ou échec est gardé, pour toutes les entreprises et pas seulement les assujetties. BGES est un
-- fichier entier : il y a des lignes, y compris d’entreprises inconnues ici, ou rien ; une erreur propre à une
-- entreprise n’y existe pas.

insert into feeds_egapro (siren, annee, etat, reponse_api, raison, releve_le)
select
  r.siren,
  r.annee,
  r.etat,
  case when r.etat = 'connu' then jsonb_build_object(
    'entreprise', jsonb_build_object(
      'siren', r.siren,
      'raison_sociale', r.denomination,
      'effectif', jsonb_build_object('total', pg_temp.entier(r.id, 'effectif déclaré', 50, 900), 'tranche', '50:250')),
    'déclaration', jsonb_build_object(
      'index', pg_temp.entier(r.id * 2 + r.annee % 2, 'index', 55, 100),
      'année_indicateurs', r.annee)) end,
  case when r.etat = 'inconnu' then pg_temp.parmi(r.id, 'raison', array['delai', 'reseau', 'statut_503']) end,
  r.releve_le
from (
  select
    s.id, s.siren, s.denomination, p.annee - 1 as annee, p.fin as releve_le,
    case when p.sources_en_panne then 'inconnu' else pg_temp.tirage(s.id, 'egapro', array['connu', 'absent', 'inconnu'],
      -- Les plus grandes déclarent plus souvent.
      array[case
        when e.effectif in ('5000-9999', '10000+') then 92 when e.classe = 4 then 83 when e.classe = 3 then 75
        when e.classe = 2 then 62 else 4 end, 98]::float8[]) end as etat
  from tirage_entreprise e
  join entreprises_entreprise s on s.id = e.id
  cross join parametres p
  union all
  -- L’année d’avant est restée pour les plus grandes : la règle ne doit pas la prendre pour celle qu’elle cherche.
  select
    s.id, s.siren, s.denomination, p.annee - 2, p.fin - interval '365 days',
    pg_temp.tirage(s.id, 'egapro précédent', array['connu', 'absent'], array[75])
  from tirage_entreprise e
  join entreprises_entreprise s on s.id = e.id
  cross join parametres p
  where e.classe >= 3 and e.anciennete < 0.5
) as r
order by r.siren, r.annee;

insert into feeds_bges (siren, dt_publication, releve_le)
select
  b.siren,
  least(p.aujourd_hui - 1,
    make_date(p.annee - b.age, 1, 1) + pg_temp.entier(b.id, 'jour du bilan', 0, 364)),
  p.fin
from (
  select e.id, e.siren, case
      when t.tirage < 0.45 then pg_temp.entier(e.id, 'bilan récent', 0, 3)
      when t.tirage < 0.63 then pg_temp.entier(e.id, 'bilan ancien', 4, 9)
    end as age
  from tirage_entreprise e
  cross join lateral (select pg_temp.hasard(e.id, 'bges') * case when e.classe = 4 then 1 else 15 end as tirage) as t
  union all
  -- Le premier bilan de celles qui en ont publié plusieurs.
  select -e.id, e.siren, pg_temp.entier(e.id, 'premier bilan', 5, 11)
  from tirage_entreprise e
  where e.classe = 4 and pg_temp.hasard(e.id, 'bges') < 0.20
  union all
  select e.id + 1000000, e.siren_voisin, pg_temp.entier(e.id, 'bilan d’ailleurs', 0, 9)
  from tirage_entreprise e
  where pg_temp.hasard(e.id, 'entreprise d’ailleurs') < 0.05
) as b
cross join parametres p
where b.age is not null and not p.sources_en_panne
order by b.siren, b.id;
