-- Les personnes, leurs habilitations et les invitations. Une entreprise inscrite a 1 à 10 personnes, une personne 1 à
-- 40 entreprises (conseillers) : on tire des places des deux côtés, on les bat, et on les rapproche une à une.
-- Toutes les adresses finissent par .test ou example.org, et aucun mot de passe n’est utilisable (« ! » en tête).

create temporary table tirage_place on commit drop as
select
  entreprise_id, cree_le, equipe, n as numero,
  row_number() over (order by pg_temp.hasard(entreprise_id * 16 + n, 'place'), entreprise_id, n) as rang
from (
  select id as entreprise_id, cree_le, case
      when pg_temp.hasard(id, 'personnes') < 0.78 then 1
      when pg_temp.hasard(id, 'personnes') < 0.93 then 2
      when pg_temp.hasard(id, 'personnes') < 0.97 then 3
      else pg_temp.entier(id, 'grande équipe', 4, 10)
    end as equipe
  from tirage_entreprise
  where inscrite
) as equipes
cross join lateral generate_series(1, equipe) as n;

-- Une même personne tirée deux fois pour une entreprise ne compte qu’une fois : l’application l’interdit.
create temporary table tirage_habilitation on commit drop as
select t.tire_id, t.entreprise_id, min(t.equipe) as equipe, min(t.numero) as numero, min(t.cree_le) as cree_le
from (
  select
    u.tire_id,
    l.entreprise_id,
    l.equipe,
    l.numero,
    case
      when l.numero = 1 then l.cree_le + interval '5 minutes'
      else l.cree_le + interval '5 minutes'
        + (p.fin - l.cree_le - interval '5 minutes') * pg_temp.hasard(l.entreprise_id * 16 + l.numero, 'rattachement')
    end as cree_le
  from (
    select tire_id, row_number() over (order by tire_id, n) as rang
    from (select 1 + generate_series(0, (select count(*) from tirage_place)) as tire_id) as candidats
    cross join lateral generate_series(1, case
      when pg_temp.hasard(tire_id, 'entreprises') < 0.90 then 1
      when pg_temp.hasard(tire_id, 'entreprises') < 0.96 then 2
      when pg_temp.hasard(tire_id, 'entreprises') < 0.99 then pg_temp.entier(tire_id, 'plusieurs entreprises', 3, 5)
      else pg_temp.entier(tire_id, 'conseiller', 6, 40)
    end) as n
  ) as u
  join tirage_place l using (rang)
  cross join parametres p
) as t
group by t.tire_id, t.entreprise_id;

-- Deux personnes sur cent n’ont plus d’entreprise.
create temporary table tirage_utilisateur on commit drop as
select
  100 + row_number() over (order by cree_le, tire_id) as id,
  tire_id, cree_le, nombre, premiere_entreprise_id
from (
  select
    tire_id,
    min(cree_le) - interval '3 minutes' as cree_le,
    count(*) as nombre,
    (array_agg(entreprise_id order by cree_le, entreprise_id))[1] as premiere_entreprise_id
  from tirage_habilitation
  group by tire_id
  union all
  select -id, cree_le - interval '1 hour', 0, null
  from tirage_entreprise
  where inscrite and pg_temp.hasard(id, 'partie') < 0.02
) as personnes;

-- Les accents sont ôtés avant les majuscules : lower() ne les connaît pas dans toutes les bases.
insert into users_user (
  id, password, last_login, email, prenom, nom, is_active, is_staff, acceptation_cgu, reception_actualites,
  is_email_confirmed, oidc_sub_id, is_conseiller_rse, fonction_rse, created_at, updated_at)
select
  u.id,
  '!echantillon' || replace(pg_temp.identifiant(u.id, 'mot de passe')::text, '-', ''),
  c.connecte_le,
  lower(translate(pg_temp.prenom(-u.id) || '.' || pg_temp.nom(-u.id), 'ÉÈéèêëàâçôîïùû', 'EEeeeeaacoiiuu')) || '.' || u.id
    || case
         when u.premiere_entreprise_id is null or pg_temp.hasard(u.id, 'adresse personnelle') < 0.15 then '@example.org'
         else '@societe-' || u.premiere_entreprise_id || '.test'
       end,
  pg_temp.prenom(-u.id),
  pg_temp.nom(-u.id),
  pg_temp.hasard(u.id, 'active') >= 0.01,
  false,
  true,
  pg_temp.hasard(u.id, 'actualités') < 0.38,
  d.tirage >= 0.12,
  case when pg_temp.hasard(u.id, 'proconnect') < 0.35 then pg_temp.identifiant(u.id, 'proconnect') end,
  r.conseiller,
  case when r.conseiller then pg_temp.tirage(u.id, 'fonction rse',
    array['consultant', 'auditeur', 'finance', 'fédération', 'public', 'autre'], array[60, 72, 80, 88, 94]) end,
  u.cree_le,
  greatest(u.cree_le, c.connecte_le)
from tirage_utilisateur u
cross join parametres p
cross join lateral (select pg_temp.hasard(u.id, 'connexion') as tirage) as d
cross join lateral (select case
    when u.nombre >= 6 then true
    when pg_temp.hasard(u.id, 'conseiller') < 0.15 then null
    else pg_temp.hasard(u.id, 'conseiller') > 0.985
  end as conseiller) as r
cross join lateral (select extract(epoch from p.fin - u.cree_le)::float8 / 86400 as jours) as a
-- Un compte sert de moins en moins : 55 % des plus jeunes servent encore, 30 % à un an, 15 % à trois ans ; ceux des
-- conseillers, à 70 %.
cross join lateral (select case
    when r.conseiller then 0.70
    when a.jours < 90 then 0.55
    when a.jours < 365 then 0.55 - 0.25 * (a.jours - 90) / 275
    else greatest(0.12, 0.30 - 0.15 * (a.jours - 365) / 730)
  end as part_active) as f
-- Qui n’a pas confirmé son adresse ne s’est jamais connecté ; la connexion ne précède jamais l’inscription. Qui ne vient
-- plus est parti tôt, plus souvent que tard.
cross join lateral (select case
    when d.tirage >= 0.13 then greatest(u.cree_le + interval '1 minute', case
        when pg_temp.hasard(u.id, 'sert encore') < f.part_active
          then p.fin - interval '30 days' * pg_temp.hasard(u.id, 'dernière connexion')
        else u.cree_le + (p.fin - interval '30 days' - u.cree_le)
          * pg_temp.hasard(u.id, 'dernière connexion') * pg_temp.hasard(u.id, 'départ')
      end)
  end as connecte_le) as c
order by u.id;

-- Les invitations partent de la première personne. Une invitation acceptée correspond à la personne suivante du même
-- rang, quand elle existe encore ; sinon la personne invitée est partie depuis. Sans réponse, une invitation n’attend que
-- trente jours : son état vient de son âge.
create temporary table tirage_invitation on commit drop as
select
  100 + row_number() over (order by i.cree_le, i.entreprise_id, i.numero) as id,
  i.*
from (
  select
    h.entreprise_id,
    n as numero,
    u.id as inviteur_id,
    i.id as invite_id,
    i.tire_id as invite_tire_id,
    e.etat,
    coalesce(s.cree_le, x.envoyee_le) as cree_le,
    -- Médiane d’un jour, un dixième au-delà de dix, jamais plus de trente.
    interval '1 day' * pg_temp.quantile(h.entreprise_id * 8 + n, 'délai', array[0, 0.10, 0.25, 0.50, 0.75, 0.90, 1],
      array[0.01, 0.1, 0.35, 1, 3.5, 10, 30]) as delai,
    h.cree_le as au_plus_tot
  from tirage_habilitation h
  join tirage_utilisateur u using (tire_id)
  cross join parametres p
  cross join lateral generate_series(1, case
      when pg_temp.hasard(h.entreprise_id, 'invite') < case when h.equipe > 1 then 0.40 else 0.041 end
      then pg_temp.tirage(h.entreprise_id, 'nombre d’invitations', array['1', '2', '3', '4'], array[55, 82, 94])::integer
      else 0
    end) as n
  left join tirage_habilitation s on s.entreprise_id = h.entreprise_id and s.numero = n + 1
  left join tirage_utilisateur i on i.tire_id = s.tire_id
  cross join lateral (select
    h.cree_le + (p.fin - h.cree_le) * pg_temp.hasard(h.entreprise_id * 8 + n, 'invitation') as envoyee_le) as x
  cross join lateral (select case
      when s.tire_id is not null then 'acceptee'
      when x.envoyee_le > p.fin - interval '30 days' then 'en attente'
      else pg_temp.tirage(h.entreprise_id * 8 + n, 'suite', array['acceptee', 'expiree'], array[25])
    end as etat) as e
  where h.numero = 1
) as i;

insert into invitations_invitation (id, entreprise_id, email, role, inviteur_id, date_acceptation, created_at, updated_at)
select
  i.id,
  i.entreprise_id,
  coalesce(u.email, 'invite.' || i.id || '@example.org'),
  pg_temp.tirage(i.id, 'rôle proposé', array['editeur', 'proprietaire', 'lecteur'], array[60, 85]),
  case when pg_temp.hasard(i.id, 'inviteur supprimé') >= 0.02 then i.inviteur_id end,
  case when i.etat = 'acceptee' then i.cree_le end,
  case when i.etat = 'acceptee' then greatest(i.au_plus_tot, i.cree_le - i.delai) else i.cree_le end,
  i.cree_le
from tirage_invitation i
left join users_user u on u.id = i.invite_id
order by i.id;

insert into habilitations_habilitation (
  id, user_id, entreprise_id, fonctions, role, is_conseiller_rse, invitation_id, created_at, updated_at)
select
  100 + row_number() over (order by h.cree_le, h.entreprise_id, h.numero),
  u.id,
  h.entreprise_id,
  case f.fonctions when 'variante' then pg_temp.parmi(h.entreprise_id * 16 + h.numero, 'variante', array[
      'responsable rse', 'Resp. RSE', 'RESPONSABLE RSE ', 'Chargée de mission RSE', 'directeur general', 'Dir. gén.', 'DG',
      'Drh', 'Responsable Ressources Humaines', 'ressources  humaines', 'daf', 'Contrôleur de gestion', 'Comptable', 'gérant',
      'Gérante', 'PDG', 'Présidente directrice générale', 'Responsable développement durable', 'resp qualité securité env.',
      'Assistante de direction', 'Alternant RSE', 'consultante en durabilité', 'Expert-comptable', 'Juriste',
      'Référent RSE (remplace A. Modélot)', 'Responsable  RSE', 'Directrice de l’impact', 'chef de projet CSRD'])
    when 'vide' then case when pg_temp.hasard(u.id, 'fonction vide') < 0.5 then '' end
    else f.fonctions
  end,
  case when h.numero = 1 then 'proprietaire'
    else pg_temp.tirage(h.entreprise_id * 16 + h.numero, 'rôle', array['proprietaire', 'editeur', 'lecteur'], array[59, 90])
  end,
  u.nombre >= 6,
  i.id,
  h.cree_le,
  least(p.fin, h.cree_le + interval '90 days'
    * pg_temp.hasard(u.id, 'fonction relue') * pg_temp.hasard(h.entreprise_id, 'fonction relue'))
from tirage_habilitation h
join tirage_utilisateur u using (tire_id)
cross join parametres p
left join tirage_invitation i on i.entreprise_id = h.entreprise_id and i.invite_tire_id = h.tire_id
cross join lateral (select pg_temp.tirage(h.entreprise_id * 16 + h.numero, 'fonctions',
  array['Responsable RSE', 'Directeur général', 'DRH', 'DAF', 'Présidente', 'QHSE', 'Consultant', 'variante', 'vide'],
  array[26, 40, 52, 61, 68, 76, 81, 95]) as fonctions) as f
order by 1;

-- Le journal de l’application n’est lu par aucune publication ; il en faut pour vérifier qu’il ne sort jamais.
insert into logs_eventlog (id, created_at, level, msg, payload)
select
  pg_temp.identifiant(u.id, 'journal'),
  u.last_login,
  20,
  'Connexion de ' || u.email,
  jsonb_build_object('utilisateur', u.id, 'adresse', u.email)
from users_user u
where u.last_login is not null and pg_temp.hasard(u.id, 'journal') < 0.05
order by u.id;
