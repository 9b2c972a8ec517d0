-- Les cas limites, écrits à la main et présents à toutes les tailles : chacun a fait échouer ou mentir une publication.
-- Clés de 1 à 100 dans chaque table, à toutes les tailles ; la liste des clés est aussi dans cas-limites.ts. Chargé en
-- premier : les tirages qui suivent complètent jusqu’à la taille voulue. Ici les entreprises et les personnes ; leurs
-- documents et les réponses des sources sont dans cas-limites-documents.sql. Deux cas n’ont lieu que pendant une
-- publication (entreprise 9 et utilisateur 8 supprimés) : ils sont seulement préparés. L’habilitation en double
-- n’existe plus, la base l’interdit : le cas permis le plus proche est la même personne, attachée à la même entreprise
-- par deux comptes dont les adresses ne diffèrent que par une majuscule (entreprise 7).

insert into entreprises_entreprise (
  id, siren, denomination, categorie_juridique_sirene, code_pays_etranger_sirene, est_cotee, est_interet_public,
  appartient_groupe, est_societe_mere, societe_mere_en_france, comptes_consolides, "code_NAF", code_postal,
  date_derniere_qualification, date_cloture_exercice, created_at, updated_at)
select
  v.id, v.siren, v.denomination, v.forme, v.pays, v.cotee, v.interet_public, v.groupe,
  case when v.groupe then v.mere end, case when v.groupe then true end, case when v.groupe then true end,
  v.naf, v.code_postal,
  case when v.id <> 2 then p.aujourd_hui - 40 end,
  case when v.id = 11 then date '2024-02-29' when v.id <> 2 then make_date(p.annee - 1, 12, 31) end,
  p.fin - interval '400 days' + interval '1 hour' * v.id, p.fin - interval '40 days' + interval '1 minute' * v.id
from parametres p
cross join (values
  -- L’entreprise fictive de l’équipe, publiée comme les autres.
  (1, '000000001', 'ENTREPRISE TEST', 5710, null, false, false, false, null, '62.01Z', '75001'),
  -- Sans caractéristiques : un utilisateur et un rapport VSME, mais jamais qualifiée.
  (2, '000000019', 'Société Exemple 0002', 5499, null::integer, null, null, null, null, null, null),
  -- Dernière année non qualifiée, année d’avant qualifiée : la dernière compte.
  (3, '000000027', 'Société Exemple 0003', 5710, null, false, false, false, null, '25.62B', '69003'),
  -- Forme juridique absente : la règle CSRD d’origine s’arrêtait là en erreur.
  (4, '000000035', 'Société Exemple 0004', null, null, false, false, true, true, '70.10Z', '92270'),
  -- Forme juridique absente, mais d’intérêt public : assujettie quand même.
  (5, '000000043', 'Société Exemple 0005', null, null, false, true, false, null, '65.12Z', '75009'),
  -- Code de pays inconnu.
  (6, '000000050', 'Société Exemple 0006', 5710, 99999, false, false, false, null, '46.69B', null),
  -- La même personne sous deux comptes.
  (7, '000000068', 'Société Exemple 0007', 5599, null, false, false, false, null, '71.12B', '33000'),
  -- Deux rapports CSRD officiels la même année.
  (8, '000000076', 'Société Exemple 0008', 5710, null, true, true, true, true, '20.42Z', '69007'),
  -- À supprimer pendant une publication.
  (9, '000000084', 'Société Exemple 0009', 5710, null, false, false, false, null, '62.02A', '31000'),
  -- Tranche d’effectif d’un ancien découpage : elle compte comme assujettie.
  (10, '000000092', 'Société Exemple 0010', 5710, null, false, false, false, null, '47.11F', '13001'),
  -- Exercice clos un 29 février.
  (11, '000000100', 'Société Exemple 0011', 5499, null, false, false, false, null, '10.71A', '44000'),
  -- Rapport VSME à exactement 100 %, et un rapport sans indicateur.
  (12, '000000118', 'Société Exemple 0012', 5710, null, false, false, false, null, '28.29B', '59000'),
  -- Document dont le nom de fichier désigne une personne.
  (13, '000000126', 'Société Exemple 0013', 5710, null, false, false, false, null, '82.99Z', '75012'),
  -- Entrepreneur individuel : la dénomination est le nom d’une personne (inventée).
  (14, '000000134', 'Camille Fictivel', 1000, null, false, false, false, null, '43.21A', '2A004'),
  -- BDESE dont l’objet des étapes est vide : complète.
  (15, '000000142', 'Société Exemple 0015', 5710, null, false, false, false, null, '86.10Z', '69008'),
  -- EgaPro n’a pas répondu de la nuit pour celle-ci : statut inconnu.
  (16, '000000159', 'Société Exemple 0016', 5710, null, false, false, false, null, '49.41B', '59100'),
  -- EgaPro ne l’a jamais relevée : inconnu aussi.
  (17, '000000167', 'Société Exemple 0017', 5710, null, false, false, false, null, '52.29B', '76000'),
  -- Bilan GES publié le dernier jour de l’année N-4 : trop ancien d’un jour.
  (18, '000000175', 'Société Exemple 0018', 5599, null, false, false, true, false, '20.42Z', '67000'),
  -- Assujettie aux bilans par l’outre-mer, avec une date de publication à venir.
  (19, '000000183', 'Société Exemple 0019', 5710, null, false, false, false, null, '41.20A', '97400'),
  -- Pays que la version d’origine publiait sous le nom d’un territoire.
  (20, '000000191', 'Société Exemple 0020', 5710, 99101, false, false, false, null, '70.22Z', null),
  (21, '000000209', 'Société Exemple 0021', 5710, 99103, true, true, false, null, '64.20Z', null),
  (22, '000000217', 'Société Exemple 0022', 5710, 99501, false, false, false, null, '46.69B', null),
  (23, '000000225', 'Société Exemple 0023', 5710, 99502, false, false, false, null, '46.69B', null),
  (24, '000000233', 'Société Exemple 0024', 5710, 99439, false, false, false, null, '46.69B', null),
  -- BDESE seulement d’un autre modèle et en brouillon : rien d’officiel.
  (25, '000000241', 'Société Exemple 0025', 5710, null, false, false, false, null, '25.62B', '42000'),
  -- BDESE avec accord, complète puis incomplète.
  (26, '000000258', 'Société Exemple 0026', 5710, null, false, false, false, null, '25.62B', '42100'),
  (27, '000000266', 'Société Exemple 0027', 5710, null, false, false, false, null, '25.62B', '42200'),
  -- Simulation anonyme : personne n’y est attaché.
  (28, '000000274', 'Société Exemple 0028', 5710, null, false, false, false, null, '71.12B', null),
  -- Caractères qui gênent une copie mal écrite : guillemets, barre inverse, tabulation, fin de ligne, hors du plan de
  -- base.
  (29, '000000282', E'Société Exemple 0029 « l’"essai" » \\N \\. ; \t fin\nligne 🜂',
    9220, null, false, false, false, null, '88.99B', '35000'),
  -- Rapport CSRD avec un lien mais non verrouillé, et des brouillons plus récents que l’officiel.
  (30, '000000290', 'Société Exemple 0030', 5710, null, false, false, false, null, '62.01Z', '75002')
) as v (id, siren, denomination, forme, pays, cotee, interet_public, groupe, mere, naf, code_postal);

insert into entreprises_caracteristiquesannuelles (
  id, entreprise_id, annee, date_cloture_exercice, effectif, effectif_securite_sociale, effectif_outre_mer, effectif_groupe,
  effectif_groupe_france, tranche_chiffre_affaires, tranche_bilan, tranche_chiffre_affaires_consolide,
  tranche_bilan_consolide, bdese_accord, tranche_consommation_energie_finale, created_at, updated_at)
select
  e.id, e.id,
  extract(year from e.date_cloture_exercice),
  e.date_cloture_exercice,
  case when e.id <> 3 then v.effectif end,
  case when e.id <> 3 then v.securite_sociale end,
  case e.id when 3 then null when 19 then '250+' when 28 then null else '0-249' end,
  case when e.appartient_groupe then '500-4999' end,
  case when e.appartient_groupe then '500-4999' end,
  case when e.id <> 3 then v.chiffre_affaires end,
  case when e.id <> 3 then v.bilan end,
  case when e.appartient_groupe then '100M+' end,
  case when e.appartient_groupe then '43M-100M' end,
  case when e.id not in (3, 28) then e.id in (26, 27) end,
  case when e.id not in (3, 28) then '0-2.75GWh' end,
  p.fin - interval '40 days', p.fin - interval '40 days'
from entreprises_entreprise e
cross join parametres p
join (values
  ('petite', '10-49', '10-49', '900k-50M', '450k-25M'),
  ('moyenne', '50-249', '50-249', '900k-50M', '450k-25M'),
  ('grande', '300-499', '250-499', '50M-100M', '43M-100M'),
  ('très grande', '500-4999', '500+', '100M+', '100M+'),
  ('héritée', '0-49', '10-49', '900k-50M', '450k-25M'),
  ('petite au grand chiffre', '50-249', '50-249', '100M+', '450k-25M')
) as v (taille, effectif, securite_sociale, chiffre_affaires, bilan) on v.taille = case
    when e.id in (11, 14, 28) then 'petite'
    when e.id in (4, 5, 6, 15, 30) then 'grande'
    when e.id in (8, 18, 21) then 'très grande'
    when e.id = 10 then 'héritée'
    when e.id in (22, 23, 24) then 'petite au grand chiffre'
    else 'moyenne'
  end
where e.id <> 2
union all
select
  31, 3, p.annee - 2, make_date(p.annee - 2, 12, 31),
  '300-499', '250-499', '0-249', null, null, '50M-100M', '43M-100M', null,
  null, false, '0-2.75GWh', p.fin - interval '390 days', p.fin - interval '390 days'
from parametres p;

-- Utilisateurs : 1 à 4 l’équipe, 5 sans entreprise, 6 et 7 la même personne, 8 à supprimer pendant une publication,
-- 9 conseillère de huit entreprises, 10 jamais confirmé ; 21 à 50 la personne de l’entreprise de clé 1 à 30.
insert into users_user (
  id, password, last_login, email, prenom, nom, is_active, is_staff, acceptation_cgu, reception_actualites,
  is_email_confirmed, oidc_sub_id, is_conseiller_rse, fonction_rse, created_at, updated_at)
select
  u.id,
  '!echantillon' || replace(pg_temp.identifiant(u.id, 'mot de passe')::text, '-', ''),
  case when u.id not in (10, 22) then p.fin - interval '3 days' * u.id end,
  case
    when u.id <= 4 then 'equipe.' || u.id || '@example.org'
    when u.id = 6 then 'Alix.Exemplard@societe-7.test'
    when u.id = 7 then 'alix.exemplard@societe-7.test'
    when u.id > 20 then 'contact.' || u.id || '@societe-' || u.id - 20 || '.test'
    else 'personne.' || u.id || '@example.org'
  end,
  case when u.id in (6, 7) then 'Alix' else pg_temp.prenom(-u.id) end,
  case when u.id in (6, 7) then 'Exemplard' else pg_temp.nom(-u.id) end,
  u.id <> 10, u.id <= 4, true, u.id % 3 = 0, u.id <> 10,
  case when u.id in (6, 8) then pg_temp.identifiant(u.id, 'proconnect') end,
  case when u.id = 9 then true when u.id <> 10 then false end,
  case when u.id = 9 then 'consultant' end,
  p.fin - interval '401 days' + interval '1 hour' * u.id, p.fin - interval '3 days' * u.id
from parametres p
cross join generate_series(1, 50) as u (id)
where u.id between 1 and 10 or u.id between 21 and 50 and u.id <> 48;

-- Invitations : acceptée, en attente, expirée, d’un inviteur supprimé.
insert into invitations_invitation (id, entreprise_id, email, role, inviteur_id, date_acceptation, created_at, updated_at)
select
  v.id, v.entreprise_id, v.email, v.role, v.inviteur_id,
  case when v.acceptee then p.fin - interval '1 day' * v.jours end,
  p.fin - interval '1 day' * v.jours, p.fin - interval '1 day' * v.jours
from parametres p
cross join (values
  (1, 9, 'personne.8@example.org', 'editeur', 29, true, 100),
  (2, 12, 'invite.2@example.org', 'lecteur', 32, false, 5),
  (3, 12, 'invite.3@example.org', 'editeur', 32, false, 90),
  (4, 7, 'alix.exemplard@societe-7.test', 'editeur', null, true, 200)
) as v (id, entreprise_id, email, role, inviteur_id, acceptee, jours);

insert into habilitations_habilitation (
  id, user_id, entreprise_id, fonctions, role, is_conseiller_rse, invitation_id, created_at, updated_at)
select
  h.id, h.user_id, h.entreprise_id, h.fonctions, h.role, h.user_id = 9, h.invitation_id,
  p.fin - interval '399 days' + interval '1 hour' * h.id, p.fin - interval '200 days'
from parametres p
cross join (
  select id - 20 as id, id as user_id, id - 20 as entreprise_id,
    case id % 3 when 0 then 'Responsable RSE' when 1 then 'drh' end as fonctions, 'proprietaire' as role,
    null::bigint as invitation_id
  from users_user where id between 21 and 50
  union all
  select 30 + n, 9, 9 + n, 'Consultante RSE (cabinet Imaginot)', 'editeur', null from generate_series(1, 8) as n
  union all
  values (41, 6, 7, 'Directrice générale', 'proprietaire', null), (42, 7, 7, 'directrice générale ', 'editeur', 4),
    (43, 8, 9, 'DAF', 'editeur', 1), (44, 8, 12, 'DAF', 'editeur', null), (45, 1, 1, 'Équipe', 'proprietaire', null)
) as h;

update parametres set cas_limites = (select count(*) from entreprises_entreprise);
