-- Les analyses de documents par IA : 5 % des entreprises, 1 à 6 fichiers, 30 % rattachés à un rapport CSRD plutôt qu’à
-- l’entreprise. resultat_json est une chaîne JSON qui contient elle-même un objet {norme: [phrases]}, comme
-- l’application l’enregistre. Les noms de fichier viennent des personnes : certains en nomment une.

-- Les n premières d’un bloc de dix phrases : un texte de 900 phrases se répète au lieu de s’assembler, et reste juste
-- au nombre près. Elles sont courtes, car la base compresse chaque résultat.
create temporary table bloc_de_phrases on commit drop as
select
  n,
  coalesce(string_agg('{"PAGES": ' || numero || ', "TEXTS": "' || phrase || '"},', '' order by numero)
    filter (where numero <= n), '') as texte
from generate_series(0, 10) as n
cross join unnest(array[
  'Énergie.', 'Déchets.', 'Mobilité.', 'Dialogue.', 'Achats.', 'Parité.', 'Eau.', 'Alerte.', 'Formation.', 'Suivi.'
]) with ordinality as phrases (phrase, numero)
group by n;

create temporary table tirage_analyse on commit drop as
select
  row_number() over (order by a.cree_le, a.entreprise_id, a.numero) as rang,
  a.*,
  pg_temp.tirage(a.cle, 'état', array['success', 'error', null], array[70, 82]) as etat,
  pg_temp.entier(a.cle, 'phrases', 40, 900) as phrases
from (
  select
    e.entreprise_id, e.rapport_id, n as numero, e.entreprise_id * 8 + n as cle,
    e.cree_le + (p.fin - e.cree_le) * pg_temp.hasard(e.entreprise_id * 8 + n, 'analyse') as cree_le
  from parametres p
  cross join lateral (
    select r.entreprise_id, min(100 + r.rang) as rapport_id, min(r.cree_le) as cree_le
    from tirage_rapport r
    where r.annee = p.annee and r.proprietaire_id is null and pg_temp.hasard(r.entreprise_id, 'analyses du rapport') < 0.45
    group by r.entreprise_id
    union all
    select e.id, null, e.cree_le + interval '1 hour'
    from tirage_entreprise e
    where e.inscrite and pg_temp.hasard(e.id, 'analyses') < 0.05
      and not exists (select from tirage_rapport r where r.entreprise_id = e.id)
  ) as e
  cross join lateral generate_series(1, pg_temp.tirage(e.entreprise_id, 'fichiers', array['1', '2', '3', '4', '5', '6'],
    array[40, 65, 80, 90, 96])::integer) as n
) as a;

insert into analyseia_analyseia (id, fichier, nom, resultat_json, etat, message, created_at, updated_at)
select
  100 + a.rang,
  'analyse_ia/' || extract(year from a.cree_le at time zone 'UTC') || '/'
    || pg_temp.identifiant(a.cle, 'fichier') || '.pdf',
  pg_temp.parmi(a.cle, 'nom de fichier', array['Rapport RSE', 'Bilan carbone', 'DPEF', 'Politique achats', 'Rapport annuel',
    'Charte fournisseurs', 'Document unique']) || ' ' || extract(year from a.cree_le at time zone 'UTC')
    || case when pg_temp.hasard(a.cle, 'signé') < 0.15
         then ' - ' || pg_temp.prenom(a.cle) || ' ' || pg_temp.nom(a.cle) else '' end
    || pg_temp.tirage(a.cle, 'extension', array['.pdf', '.PDF', ' (1).pdf'], array[85, 93]),
  case when a.etat = 'success' then to_jsonb((
    select '{' || string_agg(
      '"' || l.norme || '": [' || rtrim(repeat(dix.texte, l.nombre / 10) || reste.texte, ',') || ']',
      ', ' order by l.numero) || '}'
    from (
      select
        j as numero,
        case when j = 0 then 'Non ESRS'
          else 'ESRS ' || (array['E1', 'E2', 'E3', 'E4', 'E5', 'S1', 'S2', 'S3', 'S4', 'G1'])[j] end as norme,
        case when j = 0 then a.phrases - p.pertinentes
          else p.pertinentes / p.normes + (j <= p.pertinentes % p.normes)::integer end as nombre
      from (
        select
          floor(a.phrases * (0.20 + 0.40 * pg_temp.hasard(a.cle, 'pertinence')))::integer as pertinentes,
          pg_temp.entier(a.cle, 'normes', 2, 10) as normes
      ) as p
      cross join lateral generate_series(0, p.normes) as j
    ) as l
    join bloc_de_phrases dix on dix.n = 10
    join bloc_de_phrases reste on reste.n = l.nombre % 10
  )) end,
  a.etat,
  case when a.etat = 'error' then pg_temp.parmi(a.cle, 'message', array[
    'Le fichier ne peut pas être lu', 'Délai dépassé', 'Aucun texte trouvé dans le document']) end,
  a.cree_le,
  least(p.fin, a.cree_le
    + case when a.etat is null then interval '0' else interval '20 minutes' * pg_temp.hasard(a.cle, 'durée') end)
from tirage_analyse a
cross join parametres p;

insert into entreprises_entreprise_analyses_ia (id, entreprise_id, analyseia_id)
select 100 + row_number() over (order by rang), entreprise_id, 100 + rang
from tirage_analyse
where rapport_id is null
order by 1;

insert into reglementations_rapportcsrd_analyses_ia (id, rapportcsrd_id, analyseia_id)
select 100 + row_number() over (order by rang), rapport_id, 100 + rang
from tirage_analyse
where rapport_id is not null
order by 1;
