-- The shape that Rails makes: citext, keys without constraints, `created_at`, tokens, polymorphic rows, encrypted columns, a second schema.
create extension if not exists citext;
create schema audit;
create table audit.versions (id bigserial primary key, item_type varchar not null, item_id bigint not null, object jsonb);
create table schema_migrations (version varchar primary key);
create table ar_internal_metadata (key varchar primary key, value varchar, created_at timestamp(6) not null, updated_at timestamp(6) not null);
create table accounts (id bigserial primary key, name varchar not null, plan integer default 0 not null, settings jsonb default '{}', created_at timestamp(6) not null, updated_at timestamp(6) not null);
create table users (
  id bigserial primary key, account_id bigint not null references accounts, email citext not null, encrypted_password varchar default '' not null,
  reset_password_token varchar, otp_secret varchar, api_digest varchar, sign_in_count integer default 0 not null, current_sign_in_ip inet,
  locale varchar default 'fr', roles varchar[] default '{}', phone_number bigint, deleted_at timestamp(6), created_at timestamp(6) not null, updated_at timestamp(6) not null
);
create unique index index_users_on_email on users (email);
create table comments (id bigserial primary key, commentable_type varchar not null, commentable_id bigint not null, author_id bigint, body text, created_at timestamp(6) not null, updated_at timestamp(6) not null);
comment on column users.locale is 'What RGPD calls personal';
insert into schema_migrations values ('20250101000000');
insert into accounts (name, created_at, updated_at) select 'Account ' || n, '2025-01-01', '2025-01-02' from generate_series(1, 3) n;
insert into users (account_id, email, encrypted_password, api_digest, phone_number, created_at, updated_at)
  select 1 + n % 3, 'u' || n || '@example.org', '$2a$12$' || repeat('x', 53), md5(n::text) || md5(n::text), 33612345600 + n, timestamp '2025-01-01' + n * interval '1 day', '2025-01-02' from generate_series(1, 15) n;
insert into comments (commentable_type, commentable_id, body, created_at, updated_at) values ('Account', 1, 'Text', '2025-01-01', '2025-01-01');
