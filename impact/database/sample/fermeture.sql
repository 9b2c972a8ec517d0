-- Fin du remplissage : l’état des relevés, la suite des clés (les lignes ont été insérées avec les leurs) et le
-- nettoyage des fonctions de session. Les tables temporaires disparaissent d’elles-mêmes à la fin de la transaction.

insert into feeds_releve (source, etat, raison, releve_le, lignes)
select s.source, case when p.sources_en_panne then 'inconnu' else 'connu' end,
  case when p.sources_en_panne then 'reseau' end, p.fin, case when not p.sources_en_panne then s.lignes end
from parametres p
cross join (
  select 'egapro' as source, count(*) as lignes from feeds_egapro f join parametres q on f.annee = q.annee - 1
  union all
  select 'bges', count(*) from feeds_bges
) as s;

select setval(pg_get_serial_sequence('users_user', 'id'), max(id)) from users_user;
select setval(pg_get_serial_sequence('entreprises_entreprise', 'id'), max(id)) from entreprises_entreprise;
select setval(pg_get_serial_sequence('entreprises_caracteristiquesannuelles', 'id'), max(id)) from entreprises_caracteristiquesannuelles;
select setval(pg_get_serial_sequence('invitations_invitation', 'id'), max(id)) from invitations_invitation;
select setval(pg_get_serial_sequence('habilitations_habilitation', 'id'), max(id)) from habilitations_habilitation;
select setval(pg_get_serial_sequence('reglementations_bdese_300', 'id'), max(id)) from reglementations_bdese_300;
select setval(pg_get_serial_sequence('reglementations_bdese_50_300', 'id'), max(id)) from reglementations_bdese_50_300;
select setval(pg_get_serial_sequence('reglementations_bdeseavecaccord', 'id'), max(id)) from reglementations_bdeseavecaccord;
select setval(pg_get_serial_sequence('analyseia_analyseia', 'id'), max(id)) from analyseia_analyseia;
select setval(pg_get_serial_sequence('entreprises_entreprise_analyses_ia', 'id'), max(id)) from entreprises_entreprise_analyses_ia;
select setval(pg_get_serial_sequence('reglementations_rapportcsrd', 'id'), max(id)) from reglementations_rapportcsrd;
select setval(pg_get_serial_sequence('reglementations_rapportcsrd_analyses_ia', 'id'), max(id)) from reglementations_rapportcsrd_analyses_ia;
select setval(pg_get_serial_sequence('reglementations_enjeu', 'id'), max(id)) from reglementations_enjeu;
select setval(pg_get_serial_sequence('vsme_rapportvsme', 'id'), max(id)) from vsme_rapportvsme;
select setval(pg_get_serial_sequence('vsme_indicateur', 'id'), max(id)) from vsme_indicateur;

drop function pg_temp.fin_de_mois(integer, integer);
drop function pg_temp.prenom(bigint);
drop function pg_temp.nom(bigint);
drop function pg_temp.identifiant(bigint, text);
drop function pg_temp.parmi(bigint, text, text[]);
drop function pg_temp.tirage(bigint, text, text[], float8[]);
drop function pg_temp.quantile(bigint, text, float8[], float8[]);
drop function pg_temp.entier(bigint, text, integer, integer);
drop function pg_temp.hasard(bigint, text);
