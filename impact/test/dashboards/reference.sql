-- Ce que chaque question des tableaux de bord doit répondre, écrit à la main et lu comme le lecteur, en UTC.
-- Avant chaque requête : clé | tableau | affichage | titre. Le test remplace now() par l’instant des données publiées, et
-- compare les colonnes que la question a.

-- @ pil-taux | pilotage | progress | Part des réglementations à jour
select round(100.0 * reglementations_a_jour / nullif(reglementations_statut_connu, 0), 1) as part_a_jour, date as jour
from impact.metabase_stats order by date desc limit 1;

-- @ pil-a-jour | pilotage | trend | Réglementations à jour, comparées à il y a 30 jours
select date as jour, reglementations_a_jour as a_jour from impact.metabase_stats
where date in ((select max(date) from impact.metabase_stats),
               (select max(date) from impact.metabase_stats where date <= (select max(date) from impact.metabase_stats) - 30))
order by 1;

-- @ pil-historique | pilotage | line | Réglementations à jour et au statut connu, semaine par semaine
select distinct on (date_trunc('week', date)) date as jour, reglementations_a_jour as a_jour, reglementations_statut_connu as statut_connu
from impact.metabase_stats order by date_trunc('week', date), date desc;

-- @ pil-taux-historique | pilotage | line | Part à jour, semaine par semaine
select distinct on (date_trunc('week', date)) date as jour, round(100.0 * reglementations_a_jour / nullif(reglementations_statut_connu, 0), 1) as part, reglementations_statut_connu as statut_connu
from impact.metabase_stats order by date_trunc('week', date), date desc;

-- @ pil-inscrites | pilotage | number | Entreprises inscrites
select count(*) as inscrites from impact.metabase_entreprise where nombre_utilisateurs > 0;

-- @ pil-nouvelles | pilotage | trend | Entreprises inscrites ajoutées, dernier mois complet
select date_trunc('month', ajoutee_le at time zone 'Europe/Paris')::date as mois, count(*) as inscrites
from impact.metabase_entreprise
where nombre_utilisateurs > 0
  and ajoutee_le at time zone 'Europe/Paris' < date_trunc('month', now() at time zone 'Europe/Paris')
group by 1 order by 1 desc limit 13;

-- @ pil-actifs | pilotage | number | Comptes connectés ces 30 derniers jours
select count(*) as actifs from impact.metabase_utilisateur
where connecte_le >= (select (donnees_du at time zone 'UTC')::date from impact.metabase_fraicheur where nom_table = 'metabase_utilisateur') - 30;

-- @ pil-par-reglementation | pilotage | row | Part des entreprises soumises qui sont à jour, par réglementation
select reglementation, round(100.0 * count(*) filter (where statut = 'A JOUR') / nullif(count(*) filter (where statut is not null), 0), 1) as part,
       count(*) filter (where statut is not null) as statut_connu
from (select 'BDESE' as reglementation, statut, est_soumise from impact.metabase_bdese
      union all select 'Index EgaPro', statut, est_soumise from impact.metabase_indexegapro
      union all select 'BGES', statut, est_soumise from impact.metabase_bges
      union all select 'CSRD', statut, est_soumise from impact.metabase_csrd) as r
where est_soumise group by 1 order by 2 desc;

-- @ pil-entonnoir | pilotage | funnel | De l’entreprise connue à l’entreprise en règle
with r as (
  select entreprise_id, bool_or(est_soumise) as soumise, bool_or(statut = 'A JOUR') as un, bool_and(coalesce(statut = 'A JOUR', false)) filter (where est_soumise) as tout
  from (select entreprise_id, est_soumise, statut from impact.metabase_bdese
        union all select entreprise_id, est_soumise, statut from impact.metabase_indexegapro
        union all select entreprise_id, est_soumise, statut from impact.metabase_bges
        union all select entreprise_id, est_soumise, statut from impact.metabase_csrd) as s group by 1)
select etape, nombre from (
  select 1 as rang, 'Connues' as etape, count(*) as nombre from impact.metabase_entreprise
  union all select 2, 'Inscrites', count(*) from impact.metabase_entreprise where nombre_utilisateurs > 0
  union all select 3, 'Évaluées', count(*) from r
  union all select 4, 'Soumises à une réglementation', count(*) filter (where soumise) from r
  union all select 5, 'À jour d’au moins une', count(*) filter (where un) from r
  union all select 6, 'À jour de toutes', count(*) filter (where tout) from r) as e order by rang;

-- @ pil-activite | pilotage | line | Entreprises inscrites et comptes actifs, semaine par semaine
select date_trunc('week', date)::date as semaine, max(entreprises_inscrites) as inscrites, max(comptes_actifs_30j) as actifs from impact.metabase_stats
where date < date_trunc('week', now() at time zone 'Europe/Paris') and entreprises_inscrites is not null group by 1 order by 1;

-- @ pil-fraicheur | pilotage | number | Âge des données, en heures
select round((extract(epoch from now() - min(donnees_du)) / 3600)::numeric, 1) as heures from impact.metabase_fraicheur;

-- @ ent-connues | entreprises | number | Entreprises connues, inscrites ou simulées
select count(*) as connues from impact.metabase_entreprise;

-- @ ent-arrivees | entreprises | combo | Arrivées par mois, et total
select mois, inscrites, simulees, sum(inscrites + simulees) over (order by mois) as total from (
  select date_trunc('month', ajoutee_le at time zone 'Europe/Paris')::date as mois,
         count(*) filter (where nombre_utilisateurs > 0) as inscrites, count(*) filter (where nombre_utilisateurs = 0) as simulees
  from impact.metabase_entreprise group by 1) as m
where mois < date_trunc('month', now() at time zone 'Europe/Paris') order by 1 desc limit 24;

-- @ ent-effectif | entreprises | bar | Entreprises par tranche d’effectif
select coalesce(effectif, 'inconnu') as effectif, count(*) filter (where nombre_utilisateurs > 0) as inscrites, count(*) filter (where nombre_utilisateurs = 0) as simulees
from impact.metabase_entreprise group by 1
order by array_position(array['0-9','10-49','50-249','250-299','300-499','500-4999','5000-9999','10000+','inconnu']::text[], coalesce(effectif,'inconnu')) nulls last;

-- @ ent-forme | entreprises | row | Formes juridiques
select coalesce(categorie_juridique, 'inconnue') as forme, count(*) as entreprises from impact.metabase_entreprise group by 1 order by 2 desc;

-- @ ent-pays | entreprises | row | Pays du siège, hors de France
select coalesce(pays, 'inconnu') as pays, count(*) as entreprises from impact.metabase_entreprise where pays is distinct from 'France' group by 1 order by 2 desc;

-- @ ent-secteur | entreprises | row | Secteurs d’activité (section NAF)
select coalesce(s.nom, 'inconnu') as secteur, count(*) as entreprises
from impact.metabase_entreprise e left join (values ('A Agriculture', 1, 3), ('B Industries extractives', 5, 9), ('C Industrie manufacturière', 10, 33), ('D Énergie', 35, 35), ('E Eau et déchets', 36, 39), ('F Construction', 41, 43), ('G Commerce', 45, 47), ('H Transports', 49, 53), ('I Hébergement et restauration', 55, 56), ('J Information', 58, 63), ('K Finance et assurance', 64, 66), ('L Immobilier', 68, 68), ('M Conseil et ingénierie', 69, 75), ('N Services administratifs', 77, 82), ('O Administration publique', 84, 84), ('P Enseignement', 85, 85), ('Q Santé et social', 86, 88), ('R Arts et loisirs', 90, 93), ('S Autres services', 94, 96), ('T Ménages employeurs', 97, 98), ('U Activités extraterritoriales', 99, 99)) as s(nom, de, a)
  on left(e."code_NAF", 2)::int between s.de and s.a
where e.nombre_utilisateurs > 0 group by 1 order by 2 desc;

-- @ ent-departement | entreprises | row | Départements des sièges, les quinze premiers
select case when code_postal ~ '^97' then left(code_postal, 3) when code_postal ~ '^20' or code_postal ~ '^2[AB]' then '2A/2B' else coalesce(left(code_postal, 2), 'inconnu') end as departement,
       count(*) as entreprises
from impact.metabase_entreprise where nombre_utilisateurs > 0 group by 1 order by 2 desc, 1 limit 15;

-- @ ent-qualification | entreprises | bar | Ancienneté de la dernière qualification
select case when q is null then 'jamais' when a <= 90 then 'moins de 3 mois' when a <= 365 then '3 à 12 mois' when a <= 730 then '1 à 2 ans' else 'plus de 2 ans' end as anciennete, count(*) as entreprises
from (select date_derniere_qualification as q, (now() at time zone 'Europe/Paris')::date - date_derniere_qualification as a from impact.metabase_entreprise where nombre_utilisateurs > 0) as x
group by 1 order by array_position(array['moins de 3 mois','3 à 12 mois','1 à 2 ans','plus de 2 ans','jamais'], 
  case when min(q) is null then 'jamais' when max(a) <= 90 then 'moins de 3 mois' when max(a) <= 365 then '3 à 12 mois' when max(a) <= 730 then '1 à 2 ans' else 'plus de 2 ans' end);

-- @ ent-activation | entreprises | line | Part des inscrites qualifiées, par mois d’arrivée
select date_trunc('month', ajoutee_le at time zone 'Europe/Paris')::date as mois, count(*) as inscrites,
       round(100.0 * count(*) filter (where date_derniere_qualification is not null) / count(*), 1) as part_qualifiees
from impact.metabase_entreprise
where nombre_utilisateurs > 0 and ajoutee_le at time zone 'Europe/Paris' < date_trunc('month', now() at time zone 'Europe/Paris')
group by 1 having count(*) >= 5 order by 1 desc limit 24;

-- @ ent-a-relancer | entreprises | table | Grandes entreprises inscrites qui ne sont à jour de rien
select e.denomination, e.siren, e.effectif, e.date_derniere_qualification, count(*) filter (where r.est_soumise) as obligations
from impact.metabase_entreprise e
join (select entreprise_id, est_soumise, statut from impact.metabase_bdese union all select entreprise_id, est_soumise, statut from impact.metabase_indexegapro
      union all select entreprise_id, est_soumise, statut from impact.metabase_bges) as r on r.entreprise_id = e.impact_id
where e.effectif in ('500-4999','5000-9999','10000+')
group by e.impact_id having bool_or(r.est_soumise) and not coalesce(bool_or(r.statut = 'A JOUR'), false)
order by obligations desc, e.date_derniere_qualification desc nulls last limit 50;

-- @ uti-comptes | utilisateurs | trend | Comptes créés, dernier mois complet
select date_trunc('month', ajoute_le at time zone 'Europe/Paris')::date as mois, count(*) as comptes from impact.metabase_utilisateur
where ajoute_le at time zone 'Europe/Paris' < date_trunc('month', now() at time zone 'Europe/Paris') group by 1 order by 1 desc limit 13;

-- @ uti-arrivees | utilisateurs | combo | Comptes créés par mois, et total
select mois, comptes, sum(comptes) over (order by mois) as total from (
  select date_trunc('month', ajoute_le at time zone 'Europe/Paris')::date as mois, count(*) as comptes from impact.metabase_utilisateur group by 1) as m
where mois < date_trunc('month', now() at time zone 'Europe/Paris') order by 1 desc limit 24;

-- @ uti-connexion | utilisateurs | bar | Dernière connexion des comptes
select tranche, count(*) as comptes from (
  select case when connecte_le is null then 'jamais' when age <= 7 then 'moins de 7 jours' when age <= 30 then 'moins de 30 jours' when age <= 90 then 'moins de 90 jours' when age <= 365 then 'moins d’un an' else 'plus d’un an' end as tranche
  from (select connecte_le, (now() at time zone 'UTC')::date - connecte_le as age from impact.metabase_utilisateur) as a) as t group by 1 order by 1;

-- @ uti-fidelite | utilisateurs | bar | Comptes encore actifs (90 jours), par trimestre d’arrivée
select date_trunc('quarter', ajoute_le at time zone 'Europe/Paris')::date as trimestre, count(*) as comptes,
       round(100.0 * count(*) filter (where connecte_le >= (now() at time zone 'UTC')::date - 90) / count(*), 1) as part_active
from impact.metabase_utilisateur where ajoute_le < now() - interval '90 days' group by 1 having count(*) >= 5 order by 1;

-- @ uti-entonnoir | utilisateurs | funnel | Du compte créé au compte rattaché et actif
select etape, nombre from (
  select 1 as rang, 'Créés' as etape, count(*) as nombre from impact.metabase_utilisateur
  union all select 2, 'Adresse confirmée', count(*) from impact.metabase_utilisateur where email_confirme
  union all select 3, 'Connectés au moins une fois', count(*) from impact.metabase_utilisateur where email_confirme and connecte_le is not null
  union all select 4, 'Rattachés à une entreprise', count(*) from impact.metabase_utilisateur where email_confirme and connecte_le is not null and nombre_entreprises > 0
  union all select 5, 'Actifs ces 90 jours', count(*) from impact.metabase_utilisateur where email_confirme and nombre_entreprises > 0 and connecte_le >= (now() at time zone 'UTC')::date - 90) as e order by rang;

-- @ uti-fonctions | utilisateurs | row | Fonctions déclarées
select coalesce(fonctions, 'non renseignées') as fonctions, count(*) as rattachements from impact.metabase_habilitation group by 1 order by 2 desc;

-- @ uti-conseillers | utilisateurs | pie | Conseillers RSE
select case when conseiller_rse then 'Conseiller' when not conseiller_rse then 'Non' else 'Pas encore répondu' end as conseiller, count(*) as comptes from impact.metabase_utilisateur group by 1 order by 2 desc;

-- @ uti-par-entreprise | utilisateurs | bar | Personnes par entreprise inscrite
select case when nombre_utilisateurs >= 4 then '4 et plus' else nombre_utilisateurs::text end as personnes, count(*) as entreprises from impact.metabase_entreprise where nombre_utilisateurs > 0 group by 1 order by 1;

-- @ uti-invitations | utilisateurs | bar | Invitations par mois et par issue
select date_trunc('month', ajoutee_le at time zone 'Europe/Paris')::date as mois,
       count(*) filter (where date_acceptation is not null) as acceptees,
       count(*) filter (where date_acceptation is null and ajoutee_le > now() - interval '30 days') as en_attente,
       count(*) filter (where date_acceptation is null and ajoutee_le <= now() - interval '30 days') as expirees
from impact.metabase_invitation group by 1 order by 1 desc limit 18;

-- @ uti-roles | utilisateurs | pie | Rôles proposés par les invitations
select role, count(*) as invitations from impact.metabase_invitation group by 1 order by 2 desc;

-- @ uti-roles-habilitations | utilisateurs | pie | Rôles des habilitations
select role, count(*) as rattachements from impact.metabase_habilitation group by 1 order by 2 desc;

-- @ uti-delai | utilisateurs | number | Délai médian d’acceptation d’une invitation, en jours
select round((percentile_cont(0.5) within group (order by extract(epoch from date_acceptation - ajoutee_le)) / 86400)::numeric, 2) as jours, max(date_acceptation - ajoutee_le) as maximum, count(*) as invitations from impact.metabase_invitation where date_acceptation is not null;

-- @ reg-situation | reglementations | bar | Situation des entreprises évaluées, par réglementation
select reglementation, count(*) filter (where statut = 'A JOUR') as a_jour, count(*) filter (where statut = 'EN COURS') as en_cours,
       count(*) filter (where statut = 'A ACTUALISER') as a_actualiser,
       count(*) filter (where est_soumise is null or (est_soumise and statut is null)) as inconnue, count(*) filter (where not est_soumise) as non_soumise
from (select 'BDESE' as reglementation, statut, est_soumise from impact.metabase_bdese
      union all select 'Index EgaPro', statut, est_soumise from impact.metabase_indexegapro
      union all select 'BGES', statut, est_soumise from impact.metabase_bges
      union all select 'CSRD', statut, est_soumise from impact.metabase_csrd) as r group by 1 order by 1;

-- @ reg-obligations | reglementations | bar | Nombre d’obligations par entreprise évaluée
select obligations, count(*) as entreprises from (
  select entreprise_id, count(*) filter (where est_soumise) as obligations
  from (select entreprise_id, est_soumise from impact.metabase_bdese union all select entreprise_id, est_soumise from impact.metabase_indexegapro
        union all select entreprise_id, est_soumise from impact.metabase_bges union all select entreprise_id, est_soumise from impact.metabase_csrd) as r group by 1) as o
group by 1 order by 1;

-- @ reg-conformite | reglementations | pie | Entreprises soumises : à jour de tout, en partie, de rien
select case when inconnues > 0 then 'Inconnu pour une au moins' when a_jour = soumises then 'De toutes' when a_jour > 0 then 'D’une partie' else 'D’aucune' end as conformite, count(*) as entreprises
from (select entreprise_id, count(*) as soumises, count(*) filter (where statut = 'A JOUR') as a_jour, count(*) filter (where statut is null) as inconnues
  from (select entreprise_id, est_soumise, statut from impact.metabase_bdese union all select entreprise_id, est_soumise, statut from impact.metabase_indexegapro
        union all select entreprise_id, est_soumise, statut from impact.metabase_bges union all select entreprise_id, est_soumise, statut from impact.metabase_csrd) as r
  where est_soumise group by 1) as c group by 1 order by 2 desc;

-- @ reg-taille | reglementations | bar | Index EgaPro : part à jour, par effectif
select e.effectif, count(*) filter (where r.statut is not null) as connues, round(100.0 * count(*) filter (where r.statut = 'A JOUR') / nullif(count(*) filter (where r.statut is not null), 0), 1) as part_a_jour
from impact.metabase_indexegapro r join impact.metabase_entreprise e on e.impact_id = r.entreprise_id
where r.est_soumise group by 1 having count(*) filter (where r.statut is not null) >= 5
order by array_position(array['50-249','250-299','300-499','500-4999','5000-9999','10000+']::text[], e.effectif::text);

-- @ reg-bdese-type | reglementations | bar | BDESE : avec ou sans accord d’entreprise
select case when e.bdese_accord then 'Avec accord' when not e.bdese_accord then 'Sans accord' else 'Inconnu' end as accord, r.statut, count(*) as entreprises
from impact.metabase_bdese r join impact.metabase_entreprise e on e.impact_id = r.entreprise_id where r.est_soumise and r.statut is not null group by 1, 2 order by 1, 2;

-- @ reg-csrd-etapes | reglementations | funnel | CSRD : étape atteinte par le rapport le plus récent
with etapes(rang, cle, etape) as (values (1,'introduction','Introduction'),(2,'selection-enjeux','Sélection des enjeux'),(3,'analyse-materialite','Analyse de matérialité'),(4,'selection-informations','Sélection des informations'),(5,'analyse-ecart','Analyse d’écart'),(6,'redaction-rapport-durabilite','Rédaction'))
select etape, (select count(*) from impact.metabase_csrd c join etapes a on a.cle = c.etape_validee where a.rang >= etapes.rang) as rapports from etapes order by rang;

-- @ reg-csrd-enjeux | reglementations | bar | CSRD : enjeux dont la matérialité est décidée
select case when nb_iro_selectionnes = 0 then '0' when nb_iro_selectionnes <= 10 then '1 à 10' when nb_iro_selectionnes <= 30 then '11 à 30' else '31 et plus' end as enjeux, count(*) as entreprises
from impact.metabase_csrd where statut in ('EN COURS', 'A JOUR') group by 1 order by min(nb_iro_selectionnes);

-- @ reg-ia | reglementations | bar | Analyses de documents par IA, par mois et par issue
select date_trunc('month', ajoutee_le at time zone 'Europe/Paris')::date as mois, count(*) filter (where etat = 'success') as reussies, count(*) filter (where etat = 'error') as en_erreur,
       count(*) filter (where etat is null) as non_commencees, count(*) filter (where etat not in ('success','error')) as autres,
       round(100.0 * sum(nb_phrases_pertinentes) / nullif(sum(nb_phrases), 0), 1) as part_pertinente
from impact.metabase_analyseia group by 1 order by 1 desc limit 12;

-- @ reg-historique | reglementations | line | Part à jour de chaque réglementation, mois par mois
select date_trunc('month', date)::date as mois, round(100.0 * sum(egapro_a_jour) / sum(egapro_connu), 1) as egapro, round(100.0 * sum(bdese_a_jour) / sum(bdese_connu), 1) as bdese,
       round(100.0 * sum(bges_a_jour) / sum(bges_connu), 1) as bges, round(100.0 * sum(csrd_a_jour) / sum(csrd_connu), 1) as csrd
from impact.metabase_stats where date < date_trunc('month', now() at time zone 'Europe/Paris') and egapro_connu is not null group by 1 order by 1;

-- @ vsm-rapports | vsme | number | Rapports VSME, et entreprises qui en ont un
select count(*) as rapports, count(distinct entreprise_id) as entreprises from impact.metabase_vsme;

-- @ vsm-nouveaux | vsme | bar | Rapports créés par mois
select date_trunc('month', cree_le at time zone 'Europe/Paris')::date as mois, count(*) as rapports from impact.metabase_vsme where cree_le at time zone 'Europe/Paris' < date_trunc('month', now() at time zone 'Europe/Paris') group by 1 order by 1 desc limit 18;

-- @ vsm-avancement | vsme | bar | Avancement des rapports
select case when progression is null then 'inconnu' when progression = 0 then '0 %' when progression <= 20 then '1 à 20 %' when progression <= 80 then '21 à 80 %' when progression < 100 then '81 à 99 %' else '100 %' end as avancement, count(*) as rapports
from impact.metabase_vsme group by 1 order by min(progression) nulls last;

-- @ vsm-entonnoir | vsme | funnel | Du rapport ouvert au rapport complet
select etape, nombre from (
  select 1 as rang, 'Ouverts' as etape, count(*) as nombre from impact.metabase_vsme
  union all select 2, 'Un indicateur rempli', count(*) from impact.metabase_vsme where premier_indicateur_cree_le is not null
  union all select 3, 'Plus de 20 %', count(*) from impact.metabase_vsme where progression > 20
  union all select 4, 'Plus de 80 %', count(*) from impact.metabase_vsme where progression > 80
  union all select 5, 'Complets', count(*) from impact.metabase_vsme where progression = 100) as e order by rang;

-- @ vsm-exigences | vsme | row | Avancement moyen par exigence, rapports commencés
select x.exigence, round(avg(floor(100.0 * x.completes / x.applicables)), 1) as moyenne,
       round(100.0 * count(*) filter (where x.completes = x.applicables) / count(*), 1) as part_completes, count(*) as rapports
from impact.metabase_vsme_exigence x join impact.metabase_vsme v on v.id = x.rapport_id
where v.nb_indicateurs_completes > 0 and x.applicables > 0 group by 1;

-- @ vsm-module | vsme | pie | Module choisi
select coalesce(choix_module, 'pas encore choisi') as module, count(*) as rapports from impact.metabase_vsme group by 1 order by 2 desc;

-- @ vsm-exercice | vsme | bar | Rapports par exercice clos
select annee_cloture::text as exercice, count(*) as rapports, count(*) filter (where progression = 100) as complets from impact.metabase_vsme group by 1 order by 1;

-- @ vsm-delai | vsme | number | Délai médian entre l’ouverture et le premier indicateur, en heures
select round((percentile_cont(0.5) within group (order by extract(epoch from premier_indicateur_cree_le - cree_le)) / 3600)::numeric, 2) as heures, count(*) as rapports from impact.metabase_vsme where premier_indicateur_cree_le is not null;

-- @ vsm-effectif | vsme | bar | Rapports par effectif de l’entreprise
select coalesce(e.effectif, 'inconnu') as effectif, count(*) as rapports, round(avg(v.progression), 0) as avancement_moyen from impact.metabase_vsme v join impact.metabase_entreprise e on e.impact_id = v.entreprise_id
group by 1 order by array_position(array['0-9','10-49','50-249','250-299','300-499','500-4999','5000-9999','10000+','inconnu']::text[], coalesce(e.effectif,'inconnu')) nulls last;

-- @ vsm-dormants | vsme | number | Rapports entamés, sans modification depuis 90 jours
select count(*) filter (where modifie_le < now() - interval '90 days') as dormants, count(*) as entames from impact.metabase_vsme where progression between 1 and 99;

-- @ vsm-historique | vsme | line | Rapports ouverts et complets, semaine par semaine
select date_trunc('week', date)::date as semaine, max(vsme_rapports) as rapports, max(vsme_complets) as complets from impact.metabase_stats
where date < date_trunc('week', now() at time zone 'Europe/Paris') and vsme_rapports is not null group by 1 order by 1;

-- @ qua-fraicheur | qualite | table | Fraîcheur de chaque table
select nom_table, nombre_lignes, donnees_du at time zone 'Europe/Paris' as donnees_du from impact.metabase_fraicheur order by nom_table;

-- @ qua-executions | qualite | table | Les vingt dernières exécutions
select numero, debut at time zone 'Europe/Paris' as debut, etat, origine, duree_secondes, nombre_lignes, code_erreur from impact.metabase_executions order by numero desc limit 20;

-- @ qua-derniere-complete | qualite | number | Jours depuis la dernière publication complète
select (now() at time zone 'Europe/Paris')::date - (max(donnees_du) at time zone 'Europe/Paris')::date as jours, max(donnees_du) as derniere
from impact.metabase_executions where etat = 'réussie' and nombre_tables = (select count(*) from impact.metabase_fraicheur);

-- @ qua-dernier-echec | qualite | table | Le dernier échec
select debut at time zone 'Europe/Paris' as debut, code_erreur, origine from impact.metabase_executions where code_erreur is not null order by debut desc limit 1;

-- @ qua-durees | qualite | bar | Durée des publications, trente derniers jours
select (debut at time zone 'Europe/Paris')::date as jour, max(duree_secondes) filter (where etat = 'réussie') as duree, count(*) filter (where etat = 'échouée') as echecs
from impact.metabase_executions where debut > now() - interval '30 days' group by 1 order by 1;

-- @ qua-nuits | qualite | number | Nuits sans chiffres, trente derniers jours
select count(*) as manquantes from generate_series((now() at time zone 'Europe/Paris')::date - 30, (now() at time zone 'Europe/Paris')::date - 1, interval '1 day') as j(jour)
where not exists (select from impact.metabase_stats s where s.date = j.jour::date);

-- @ qua-inconnus | qualite | row | Statuts inconnus, par réglementation
select reglementation, count(*) filter (where est_soumise is null) as soumission_inconnue, count(*) filter (where est_soumise and statut is null) as statut_inconnu, count(*) as evaluees
from (select 'BDESE' as reglementation, statut, est_soumise from impact.metabase_bdese union all select 'Index EgaPro', statut, est_soumise from impact.metabase_indexegapro
      union all select 'BGES', statut, est_soumise from impact.metabase_bges union all select 'CSRD', statut, est_soumise from impact.metabase_csrd) as r group by 1 order by 1;

-- @ qua-raisons | qualite | table | Raisons des valeurs inconnues
select nom_table, raison, nombre_lignes from impact.metabase_inconnus order by nombre_lignes desc;

-- @ qua-non-evaluees | qualite | table | Entreprises inscrites qu’aucune règle n’évalue
select count(*) filter (where date_cloture_exercice is null) as sans_caracteristiques,
       count(*) filter (where date_cloture_exercice is not null and effectif is null) as sans_effectif,
       count(*) filter (where not exists (select from impact.metabase_bdese b where b.entreprise_id = e.impact_id)) as sans_bdese, count(*) as inscrites
from impact.metabase_entreprise e where nombre_utilisateurs > 0;

-- @ qua-vides | qualite | row | Part de valeurs vides, par caractéristique des entreprises qualifiées
select x.colonne, round(100.0 * count(*) filter (where x.vide) / count(*), 1) as part_vide, count(*) as entreprises
from impact.metabase_entreprise e cross join lateral (values ('effectif', effectif is null), ('effectif outre-mer', effectif_outre_mer is null), ('forme juridique', categorie_juridique is null), ('pays', pays is null), ('code postal', code_postal is null), ('code NAF', "code_NAF" is null), ('chiffre d’affaires', tranche_chiffre_affaires is null), ('bilan', tranche_bilan is null), ('énergie', tranche_consommation_energie_finale is null), ('cotée', est_cotee is null)) as x(colonne, vide)
where e.date_cloture_exercice is not null and e.nombre_utilisateurs > 0 group by 1 order by 2 desc;

-- @ qua-valeurs | qualite | table | Effectifs hors de la liste connue
select effectif, count(*) as entreprises from impact.metabase_entreprise where effectif is not null and effectif not in ('0-9','10-49','50-249','250-299','300-499','500-4999','5000-9999','10000+') group by 1;
