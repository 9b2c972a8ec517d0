-- Les relevés des sources externes (EgaPro, BGES), faits avant chaque publication. Ces tables sont les nôtres : aucune
-- base créée par l’application Django ne les a. Elles distinguent ce qu’une source a répondu de ce qu’elle n’a pas pu
-- dire, pour qu’une panne ne se lise jamais comme « à jour ».

-- Une réponse par entreprise et par année. « inconnu » : la source n’a pas répondu, ou pas de façon compréhensible ;
-- raison dit pourquoi, en un code sans donnée.
create table feeds_egapro (
  siren varchar(9) not null,
  annee integer not null,
  etat varchar(20) not null constraint feeds_egapro_etat_check check (etat in ('connu', 'absent', 'inconnu')),
  reponse_api jsonb,
  raison varchar(60),
  releve_le timestamptz not null,
  constraint feeds_egapro_pkey primary key (siren, annee)
);

-- Les lignes utiles du fichier public des bilans. Une entreprise y a autant de lignes que de bilans publiés.
create table feeds_bges (
  siren varchar(9) not null,
  dt_publication date not null,
  releve_le timestamptz not null
);
create index feeds_bges_siren_idx on feeds_bges (siren);

-- Le dernier relevé de chaque source : sans lui, une table vide ne dirait pas si la source est vide ou en panne.
create table feeds_releve (
  source varchar(20) not null constraint feeds_releve_pkey primary key,
  etat varchar(20) not null,
  raison varchar(60),
  releve_le timestamptz not null,
  lignes bigint
);
