-- The shape that Prisma makes: mixed case, enumerations and arrays of them, text keys, `@db` types, tables that join with (A, B).
create type "Role" as enum ('ADMIN', 'USER');
create type "DocumentStatus" as enum ('DRAFT', 'PENDING', 'COMPLETED');
create table _prisma_migrations (id varchar(36) primary key, checksum varchar(64) not null, finished_at timestamptz, migration_name varchar(255) not null);
create table "User" (
  id serial primary key, name text, email text not null, "emailVerified" timestamp(3), password text, roles "Role"[] default array['USER']::"Role"[],
  "createdAt" timestamp(3) not null default current_timestamp, "twoFactorBackupCodes" text, avatar bytea, "identityProvider" text not null default 'DOCUMENSO'
);
create unique index "User_email_key" on "User" (email);
create table "Team" (id serial primary key, url text not null, "ownerUserId" integer not null references "User" on update cascade);
create table "Document" (
  id text primary key, title text not null, status "DocumentStatus" not null default 'DRAFT', "userId" integer not null references "User" on update cascade,
  "teamId" integer references "Team", "createdAt" timestamp(3) not null default current_timestamp, "completedAt" timestamp(3), pages integer not null default 1, "formValues" jsonb
);
create table "Session" (id text primary key, "sessionToken" text not null, "userId" integer not null references "User", expires timestamp(3) not null);
create table "_DocumentToTeam" ("A" text not null references "Document", "B" integer not null references "Team", constraint "_DocumentToTeam_AB_pkey" primary key ("A", "B"));
create table "constructor" (id serial primary key, "__proto__" integer not null, "toString" boolean not null);
insert into "User" (name, email, password) select 'N', 'u' || n || '@example.org', '$argon2id$v=19$m=65536,t=3,p=4$' || repeat('x', 43) from generate_series(1, 7) n;
insert into "Team" (url, "ownerUserId") values ('team', 1);
insert into "Document" (id, title, "userId", "teamId") select 'clx' || n, 'Title', 1 + n % 7, case when n % 2 = 0 then 1 end from generate_series(1, 18) n;
insert into "constructor" ("__proto__", "toString") values (1, true);
