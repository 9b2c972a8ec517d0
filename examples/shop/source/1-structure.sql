-- What `rails db:migrate` leaves in db/structure.sql, without the noise: bigint keys, timestamp(6) in UTC, enums as integers,
-- polymorphic associations, soft deletion, documents in jsonb, and the tables of Rails itself.
create table schema_migrations (version character varying not null primary key);
create table ar_internal_metadata (
  key character varying not null primary key,
  value character varying,
  created_at timestamp(6) without time zone not null,
  updated_at timestamp(6) without time zone not null
);

create table users (
  id bigserial primary key,
  email character varying default '' not null,
  encrypted_password character varying default '' not null,
  reset_password_token character varying,
  first_name character varying,
  last_name character varying,
  phone character varying,
  role integer default 0 not null,
  settings jsonb default '{}' not null,
  current_sign_in_ip inet,
  deleted_at timestamp(6) without time zone,
  created_at timestamp(6) without time zone not null,
  updated_at timestamp(6) without time zone not null
);
create unique index index_users_on_email on users (email);

create table addresses (
  id bigserial primary key,
  addressable_type character varying not null,
  addressable_id bigint not null,
  street character varying,
  postcode character varying,
  city character varying,
  country_code character varying(2) not null,
  created_at timestamp(6) without time zone not null,
  updated_at timestamp(6) without time zone not null
);
create index index_addresses_on_addressable on addresses (addressable_type, addressable_id);

create table categories (
  id bigserial primary key,
  name character varying not null,
  created_at timestamp(6) without time zone not null,
  updated_at timestamp(6) without time zone not null
);

create table products (
  id bigserial primary key,
  category_id bigint not null references categories (id),
  name character varying not null,
  sku character varying not null,
  price_cents integer not null,
  supplier_price_cents integer not null,
  status integer default 0 not null,
  deleted_at timestamp(6) without time zone,
  created_at timestamp(6) without time zone not null,
  updated_at timestamp(6) without time zone not null
);

create table orders (
  id bigserial primary key,
  user_id bigint references users (id),
  number character varying not null,
  status integer default 0 not null,
  channel character varying not null,
  gift_message text,
  payment_token character varying,
  placed_at timestamp(6) without time zone,
  paid_at timestamp(6) without time zone,
  shipped_at timestamp(6) without time zone,
  delivered_at timestamp(6) without time zone,
  cancelled_at timestamp(6) without time zone,
  created_at timestamp(6) without time zone not null,
  updated_at timestamp(6) without time zone not null
);
create index index_orders_on_user_id on orders (user_id);

create table line_items (
  id bigserial primary key,
  order_id bigint not null references orders (id),
  product_id bigint not null references products (id),
  quantity integer default 1 not null,
  unit_price_cents integer not null,
  created_at timestamp(6) without time zone not null,
  updated_at timestamp(6) without time zone not null
);
create index index_line_items_on_order_id on line_items (order_id);

create table returns (
  id bigserial primary key,
  line_item_id bigint not null references line_items (id),
  reason integer not null,
  comment text,
  refunded_cents integer not null,
  created_at timestamp(6) without time zone not null,
  updated_at timestamp(6) without time zone not null
);
create index index_returns_on_line_item_id on returns (line_item_id);

create table active_storage_blobs (
  id bigserial primary key,
  key character varying not null,
  filename character varying not null,
  content_type character varying,
  metadata text,
  service_name character varying not null,
  byte_size bigint not null,
  checksum character varying,
  created_at timestamp(6) without time zone not null
);
create table active_storage_attachments (
  id bigserial primary key,
  name character varying not null,
  record_type character varying not null,
  record_id bigint not null,
  blob_id bigint not null references active_storage_blobs (id),
  created_at timestamp(6) without time zone not null
);
