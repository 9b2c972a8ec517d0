-- Les rapports CSRD et leurs enjeux. Chaque rapport reçoit les 103 enjeux standard, repris des thèmes de l’annexe A des
-- normes ESRS (règlement délégué (UE) 2023/2772, ESRS 1, AR 16), avec leur hiérarchie. 22 % des entreprises assujetties
-- ont un rapport officiel cette année (10 % publiés et verrouillés) ; quelques-unes ont aussi un rapport plus ancien ou
-- le brouillon d’une personne.

-- Un enjeu sans parent est un thème ; ses enfants suivent le numéro de leur thème.
create temporary table enjeu_standard on commit drop as
select
  row_number() over ()::integer as numero,
  nullif(theme, 0) as parent,
  esrs, nom
from (values
  (0, 'ESRS_E1', 'Adaptation au changement climatique'),
  (0, 'ESRS_E1', 'Atténuation du changement climatique'),
  (0, 'ESRS_E1', 'Énergie'),
  (0, 'ESRS_E2', 'Pollution de l’air'),
  (0, 'ESRS_E2', 'Pollution des eaux'),
  (0, 'ESRS_E2', 'Pollution des sols'),
  (0, 'ESRS_E2', 'Pollution des organismes vivants et des ressources alimentaires'),
  (0, 'ESRS_E2', 'Substances préoccupantes'),
  (0, 'ESRS_E2', 'Substances extrêmement préoccupantes'),
  (0, 'ESRS_E2', 'Microplastiques'),
  (0, 'ESRS_E3', 'Consommation d’eau'),
  (0, 'ESRS_E3', 'Prélèvements d’eau'),
  (0, 'ESRS_E3', 'Rejets des eaux'),
  (0, 'ESRS_E3', 'Rejets des eaux dans les océans'),
  (0, 'ESRS_E3', 'Extraction et utilisation des ressources marines'),
  (0, 'ESRS_E4', 'Vecteurs directs de perte de biodiversité'),
  (16, 'ESRS_E4', 'Changement climatique'),
  (16, 'ESRS_E4', 'Changement d’affectation des terres, de l’eau douce et des mers'),
  (16, 'ESRS_E4', 'Exploitation directe'),
  (16, 'ESRS_E4', 'Espèces exotiques envahissantes'),
  (16, 'ESRS_E4', 'Pollution'),
  (16, 'ESRS_E4', 'Autres vecteurs'),
  (0, 'ESRS_E4', 'Impacts sur l’état des espèces'),
  (23, 'ESRS_E4', 'Taille de la population d’une espèce'),
  (23, 'ESRS_E4', 'Risque d’extinction d’une espèce'),
  (0, 'ESRS_E4', 'Impacts sur l’étendue et l’état des écosystèmes'),
  (26, 'ESRS_E4', 'Dégradation des terres'),
  (26, 'ESRS_E4', 'Désertification'),
  (26, 'ESRS_E4', 'Imperméabilisation des sols'),
  (0, 'ESRS_E4', 'Impacts et dépendances sur les services écosystémiques'),
  (0, 'ESRS_E5', 'Ressources entrantes et leur utilisation'),
  (0, 'ESRS_E5', 'Ressources sortantes liées aux produits et aux services'),
  (0, 'ESRS_E5', 'Déchets'),
  (0, 'ESRS_S1', 'Conditions de travail'),
  (34, 'ESRS_S1', 'Sécurité de l’emploi'),
  (34, 'ESRS_S1', 'Temps de travail'),
  (34, 'ESRS_S1', 'Salaires décents'),
  (34, 'ESRS_S1', 'Dialogue social'),
  (34, 'ESRS_S1', 'Liberté d’association'),
  (34, 'ESRS_S1', 'Négociation collective'),
  (34, 'ESRS_S1', 'Équilibre entre vie professionnelle et vie privée'),
  (34, 'ESRS_S1', 'Santé et sécurité'),
  (0, 'ESRS_S1', 'Égalité de traitement et des chances pour tous'),
  (43, 'ESRS_S1', 'Égalité de genre et égalité de rémunération'),
  (43, 'ESRS_S1', 'Formation et développement des compétences'),
  (43, 'ESRS_S1', 'Emploi et inclusion des personnes handicapées'),
  (43, 'ESRS_S1', 'Lutte contre la violence et le harcèlement'),
  (43, 'ESRS_S1', 'Diversité'),
  (0, 'ESRS_S1', 'Autres droits liés au travail'),
  (49, 'ESRS_S1', 'Travail des enfants'),
  (49, 'ESRS_S1', 'Travail forcé'),
  (49, 'ESRS_S1', 'Logement adéquat'),
  (49, 'ESRS_S1', 'Protection de la vie privée'),
  (0, 'ESRS_S2', 'Conditions de travail'),
  (54, 'ESRS_S2', 'Sécurité de l’emploi'),
  (54, 'ESRS_S2', 'Temps de travail'),
  (54, 'ESRS_S2', 'Salaires décents'),
  (54, 'ESRS_S2', 'Dialogue social'),
  (54, 'ESRS_S2', 'Liberté d’association'),
  (54, 'ESRS_S2', 'Négociation collective'),
  (54, 'ESRS_S2', 'Santé et sécurité'),
  (0, 'ESRS_S2', 'Égalité de traitement et des chances pour tous'),
  (62, 'ESRS_S2', 'Égalité de genre et égalité de rémunération'),
  (62, 'ESRS_S2', 'Lutte contre la violence et le harcèlement'),
  (0, 'ESRS_S2', 'Autres droits liés au travail'),
  (65, 'ESRS_S2', 'Travail des enfants'),
  (65, 'ESRS_S2', 'Travail forcé'),
  (65, 'ESRS_S2', 'Logement adéquat'),
  (65, 'ESRS_S2', 'Eau et assainissement'),
  (65, 'ESRS_S2', 'Protection de la vie privée'),
  (0, 'ESRS_S3', 'Droits économiques, sociaux et culturels des communautés'),
  (71, 'ESRS_S3', 'Logement adéquat'),
  (71, 'ESRS_S3', 'Alimentation adéquate'),
  (71, 'ESRS_S3', 'Eau et assainissement'),
  (71, 'ESRS_S3', 'Impacts liés à la terre'),
  (71, 'ESRS_S3', 'Impacts liés à la sécurité'),
  (0, 'ESRS_S3', 'Droits civils et politiques des communautés'),
  (77, 'ESRS_S3', 'Liberté d’expression'),
  (77, 'ESRS_S3', 'Liberté de réunion'),
  (77, 'ESRS_S3', 'Impacts sur les défenseurs des droits de l’homme'),
  (0, 'ESRS_S3', 'Droits des peuples autochtones'),
  (81, 'ESRS_S3', 'Consentement préalable'),
  (81, 'ESRS_S3', 'Autodétermination'),
  (81, 'ESRS_S3', 'Droits culturels'),
  (0, 'ESRS_S4', 'Informations destinées aux consommateurs'),
  (85, 'ESRS_S4', 'Protection de la vie privée'),
  (85, 'ESRS_S4', 'Liberté d’expression'),
  (85, 'ESRS_S4', 'Accès à une information de qualité'),
  (0, 'ESRS_S4', 'Sécurité des consommateurs'),
  (89, 'ESRS_S4', 'Santé et sécurité'),
  (89, 'ESRS_S4', 'Sécurité de la personne'),
  (89, 'ESRS_S4', 'Protection des enfants'),
  (0, 'ESRS_S4', 'Inclusion sociale des consommateurs'),
  (93, 'ESRS_S4', 'Non-discrimination'),
  (93, 'ESRS_S4', 'Accès aux produits et aux services'),
  (93, 'ESRS_S4', 'Pratiques commerciales responsables'),
  (0, 'ESRS_G1', 'Culture d’entreprise'),
  (0, 'ESRS_G1', 'Protection des lanceurs d’alerte'),
  (0, 'ESRS_G1', 'Bien-être animal'),
  (0, 'ESRS_G1', 'Engagement politique et lobbying'),
  (0, 'ESRS_G1', 'Relations avec les fournisseurs et pratiques de paiement'),
  (0, 'ESRS_G1', 'Corruption et versement de pots-de-vin'),
  (102, 'ESRS_G1', 'Prévention et détection, y compris la formation')
) as standards (theme, esrs, nom);

-- La règle d’assujettissement, réduite à oui ou non : il la faut pour tirer « 22 % des assujetties ».
create temporary table tirage_csrd on commit drop as
select a.entreprise_id, a.cree_le, h.user_id
from (
  select
    e.id as entreprise_id, t.cree_le, e.est_cotee, e.est_societe_mere,
    c.tranche_chiffre_affaires = '100M+' as ca_100m,
    e.categorie_juridique_sirene = 3120 or e.categorie_juridique_sirene between 5100 and 6199
      or e.categorie_juridique_sirene between 6300 and 6499 or e.categorie_juridique_sirene between 8100 and 8299
      or e.est_interet_public as forme_visee,
    (c.tranche_bilan = '0-450k')::integer + (c.tranche_chiffre_affaires = '0-900k')::integer
      + (c.effectif_securite_sociale = '0-9')::integer >= 2 as micro,
    (c.tranche_bilan in ('25M-43M', '43M-100M', '100M+'))::integer
      + (c.tranche_chiffre_affaires in ('50M-100M', '100M+'))::integer
      + (c.effectif_securite_sociale in ('250-499', '500+'))::integer >= 2 as grande,
    e.appartient_groupe and coalesce(c.tranche_bilan_consolide in ('30M-43M', '43M-100M', '100M+'), false)::integer
      + coalesce(c.tranche_chiffre_affaires_consolide in ('60M-100M', '100M+'), false)::integer
      + coalesce(c.effectif_groupe in ('250-499', '500-4999', '5000-9999', '10000+'), false)::integer >= 2 as grand_groupe,
    coalesce(e.code_pays_etranger_sirene in (99101, 99103, 99109, 99127, 99131, 99134, 99137), true) as espace_economique
  from entreprises_entreprise e
  join tirage_entreprise t on t.id = e.id and t.inscrite
  join (
    select distinct on (entreprise_id) *
    from entreprises_caracteristiquesannuelles
    order by entreprise_id, annee desc
  ) as c on c.entreprise_id = e.id
) as a
join (
  select entreprise_id, min(user_id) as user_id
  from habilitations_habilitation
  group by entreprise_id
) as h using (entreprise_id)
where a.forme_visee and case
  when a.grand_groupe then a.est_societe_mere or a.grande or (a.est_cotee and not a.micro)
  else a.grande or (a.espace_economique and a.est_cotee and not a.micro) or (not a.espace_economique and a.ca_100m)
end;

create temporary table tirage_rapport on commit drop as
select
  row_number() over (order by r.cree_le, r.entreprise_id, r.annee, r.proprietaire_id nulls first) as rang,
  r.*,
  pg_temp.tirage(r.cle, 'étape',
    array[null, 'introduction', 'selection-enjeux', 'analyse-materialite', 'selection-informations', 'analyse-ecart',
          'redaction-rapport-durabilite'],
    array[35, 60, 78, 88, 93, 97]) as etape,
  case when pg_temp.hasard(r.cle, 'matérialité') < 0.35 then 0
    else pg_temp.entier(r.cle, 'enjeux analysés', 1, 60) end as analyses
from (
  select
    d.entreprise_id, d.annee, d.proprietaire_id, d.publie,
    d.entreprise_id * 8 + d.annee % 4 * 2 + (d.proprietaire_id is not null)::integer as cle,
    least(p.fin - interval '10 minutes', greatest(d.cree_le + interval '2 hours',
      make_timestamptz(d.annee, 1, 8, 9, 0, 0, 'Europe/Paris')
      + interval '180 days' * pg_temp.hasard(d.entreprise_id * 8 + d.annee % 4, 'csrd ouverte'))) as cree_le
  from parametres p
  cross join lateral (
    select entreprise_id, p.annee, null::bigint as proprietaire_id,
      pg_temp.hasard(entreprise_id, 'csrd publiée') < 0.10 as publie, cree_le
    from tirage_csrd
    where pg_temp.hasard(entreprise_id, 'csrd') < 0.22
    union all
    select entreprise_id, p.annee, user_id, false, cree_le
    from tirage_csrd
    where pg_temp.hasard(entreprise_id, 'csrd brouillon') < 0.03
    union all
    select entreprise_id, p.annee - 1, null, pg_temp.hasard(entreprise_id, 'csrd ancienne publiée') < 0.30, cree_le
    from tirage_csrd
    where p.annee > 2024 and pg_temp.hasard(entreprise_id, 'csrd ancienne') < 0.04
  ) as d
) as r;

insert into reglementations_rapportcsrd (
  id, entreprise_id, proprietaire_id, annee, description, etape_validee, lien_rapport, bloque, created_at, updated_at)
select
  100 + r.rang,
  r.entreprise_id,
  r.proprietaire_id,
  r.annee,
  case when pg_temp.hasard(r.cle, 'description') < 0.3
    then 'Rapport préparé par ' || pg_temp.prenom(r.cle) || ' ' || pg_temp.nom(r.cle) else '' end,
  case when r.publie then 'redaction-rapport-durabilite' else r.etape end,
  case
    when r.publie then 'https://www.societe-' || r.entreprise_id || '.test/durabilite-' || r.annee || '.pdf'
    when pg_temp.hasard(r.cle, 'lien non verrouillé') < 0.02
      then 'https://www.societe-' || r.entreprise_id || '.test/projet.pdf'
    else ''
  end,
  r.publie,
  r.cree_le,
  least(p.fin, r.cree_le + interval '70 days' * pg_temp.hasard(r.cle, 'travail'))
from tirage_rapport r
cross join parametres p
order by r.rang;

-- Les enjeux d’un rapport ont des clés consécutives : la clé du parent se calcule, sans relecture. La place 104 est
-- celle de l’enjeu ajouté à la main par un rapport sur cinq. Les enjeux analysés sont pris dans un ordre propre au
-- rapport.
insert into reglementations_enjeu (
  id, rapport_csrd_id, parent_id, esrs, nom, description, modifiable, selection, materiel, created_at, updated_at)
select
  r.rang * 104 + 100 + s.numero,
  100 + r.rang,
  r.rang * 104 + 100 + s.parent,
  s.esrs,
  s.nom,
  case when s.numero = 104 then 'Enjeu ajouté par ' || pg_temp.prenom(r.cle) || ' ' || pg_temp.nom(r.cle) else '' end,
  s.numero = 104,
  m.rang < r.analyses + r.analyses / 3,
  case when m.rang < r.analyses then m.rang % 3 > 0 end,
  r.cree_le,
  r.cree_le + case when m.rang < r.analyses then interval '3 minutes' else interval '0' end
from tirage_rapport r
cross join lateral (
  select numero, parent, esrs, nom from enjeu_standard
  union all
  select 104, null, 'ESRS_S3', 'Ancrage territorial' where pg_temp.hasard(r.cle, 'enjeu propre') < 0.20
) as s
-- 37 et 104 sont premiers entre eux : chaque enjeu a un rang différent.
cross join lateral (select (s.numero * 37 + pg_temp.entier(r.cle, 'premier enjeu', 0, 103)) % 104 as rang) as m
order by 1;
