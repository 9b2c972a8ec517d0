-- The shape of a sample database kept by hand: enumerations, domains, text arrays, full text, composite keys, partitions, a view.
create type mpaa_rating as enum ('G', 'PG', 'PG-13', 'R', 'NC-17');
create domain year as integer check (value between 1901 and 2155);
create table language (language_id serial primary key, name character(20) not null, last_update timestamptz not null default now());
create table actor (actor_id serial primary key, first_name text not null, last_name text not null, last_update timestamptz not null default now());
create table film (
  film_id serial primary key, title text not null, description text, release_year year,
  language_id integer not null references language, original_language_id integer references language,
  rental_duration smallint not null default 3, rental_rate numeric(4, 2) not null default 4.99, length smallint,
  rating mpaa_rating default 'G', special_features text[], fulltext tsvector not null default '', revenue_projection numeric(5, 2) generated always as (rental_duration * rental_rate) stored
);
create table film_actor (actor_id integer not null references actor, film_id integer not null references film, primary key (actor_id, film_id));
create table customer (
  customer_id serial primary key, store_id integer not null, first_name text not null, last_name text not null, email text,
  activebool boolean not null default true, create_date date not null default current_date, picture bytea
);
create table rental (
  rental_id serial primary key, rental_date timestamptz not null, film_id integer not null references film,
  customer_id integer not null references customer, return_date timestamptz, rental_period tstzrange, written_at pg_lsn
);
create table payment (
  payment_id serial, customer_id integer not null references customer, rental_id integer not null,
  amount numeric(5, 2) not null, payment_date timestamptz not null, primary key (payment_date, payment_id)
) partition by range (payment_date);
create table payment_p2025 partition of payment for values from ('2025-01-01') to ('2026-01-01');
create view customer_list as select customer_id as id, first_name || ' ' || last_name as name from customer;
insert into language (name) values ('English'), ('French');
insert into actor (first_name, last_name) select 'Actor', 'N' || n from generate_series(1, 5) n;
insert into film (title, language_id, rating, special_features, fulltext)
  select 'Film ' || n, 1 + n % 2, 'PG', '{Trailers}', to_tsvector('simple', 'film ' || n) from generate_series(1, 10) n;
insert into film_actor select 1 + n % 5, n from generate_series(1, 10) n;
insert into customer (store_id, first_name, last_name, email) select 1, 'First', 'Last' || n, 'c' || n || '@example.org' from generate_series(1, 20) n;
insert into rental (rental_date, film_id, customer_id, rental_period)
  select timestamptz '2025-03-01' + n * interval '1 day', 1 + n % 10, 1 + n % 20, '[2025-03-01,2025-03-04)' from generate_series(1, 40) n;
insert into payment (customer_id, rental_id, amount, payment_date) select 1 + n % 20, n, 2.99, timestamptz '2025-03-01' + n * interval '1 day' from generate_series(1, 40) n;
