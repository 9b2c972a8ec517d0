-- Sample rows: the same each time but for their dates, which end now. Nobody in them exists.
create function pg_temp.dice(seed text, sides integer) returns integer language sql immutable as $$
  select cast(cast(cast('x' || left(md5(seed), 8) as bit(32)) as bigint) % sides as integer)
$$;
create temp table span on commit drop as
  select date_trunc('month', now()) - interval '18 months' as begins, cast(now() as timestamp) as ends;

insert into schema_migrations values ('20240312090000'), ('20240705140000'), ('20250118100000');
insert into ar_internal_metadata select 'environment', 'production', begins, begins from span;

insert into categories (name, created_at, updated_at)
  select name, begins, begins from span, unnest(array['Chairs', 'Tables', 'Lamps', 'Textiles', 'Kitchen', 'Garden']) name;

insert into products (category_id, name, sku, price_cents, supplier_price_cents, status, created_at, updated_at)
  select c.id, style || ' ' || thing, 'SKU-' || c.id || '-' || row_number() over (), cents, cents * 6 / 10, cast(cents % 9 = 0 as integer) * 2, begins, begins
  from span, (values ('Chairs', 'armchair', 24900), ('Chairs', 'stool', 5900), ('Tables', 'table', 39900), ('Tables', 'desk', 29900),
    ('Lamps', 'lamp', 7900), ('Lamps', 'lantern', 3900), ('Textiles', 'blanket', 4900), ('Textiles', 'cushion', 2400),
    ('Kitchen', 'teapot', 3400), ('Kitchen', 'bowl', 1400), ('Garden', 'bench', 18900), ('Garden', 'planter', 2900)) kind (category, thing, price)
  join categories c on c.name = category,
  lateral (select s as style, price * (90 + pg_temp.dice(s || thing, 30)) / 100 as cents from unnest(array['Oak', 'Blue', 'Round', 'Nordic']) s) each;

-- The first twelve are staff, who order to try things; some customers have closed their account since.
insert into users (email, encrypted_password, first_name, last_name, phone, role, settings, current_sign_in_ip, deleted_at, created_at, updated_at)
  select 'customer' || n || '@example.org', 'not a hash ' || md5('password ' || n), 'First ' || n, 'Last ' || n,
    '06 39 98 ' || lpad(cast(pg_temp.dice('a' || n, 100) as text), 2, '0') || ' ' || lpad(cast(pg_temp.dice('b' || n, 100) as text), 2, '0'),
    case when n <= 12 then 1 else 0 end,
    jsonb_build_object('newsletter', pg_temp.dice('news' || n, 10) < 4, 'locale', (array['fr', 'fr', 'fr', 'nl', 'de'])[1 + pg_temp.dice('locale' || n, 5)]),
    cast('192.0.2.' || pg_temp.dice('ip' || n, 255) as inet), case when pg_temp.dice('gone' || n, 30) = 0 and n > 12 then ends - interval '9 days' end, created, created
  from span, generate_series(1, 1600) n, lateral (select opened + (ends - opened) * power(n / 1600.0, 0.85) as created from (select begins - interval '9 months' as opened) o) each;

insert into addresses (addressable_type, addressable_id, street, postcode, city, country_code, created_at, updated_at)
  select 'User', id, id || ' Example Street', (array['35000', '35200', '44000', '29200', '56100', '75011', '69003', '33000'])[1 + place % 8],
    'Town', 'FR', created_at, created_at from users, lateral (select pg_temp.dice('place' || id, 100) as place) each where place < 78
  union all select 'User', id, id || ' Example Street', '1000', 'Town', 'BE', created_at, created_at from users where pg_temp.dice('place' || id, 100) between 78 and 93
  union all select 'User', id, id || ' Example Street', '97400', 'Town', 'FR', created_at, created_at from users where id in (60, 700, 1300)
  union all select 'Supplier', n, n || ' Example Road', '35000', 'Town', 'FR', begins, begins from span, generate_series(1, 20) n;

-- Carts: more each month and before Christmas; six of ten become an order. A quarter of the visitors have no account.
insert into orders (user_id, number, status, channel, gift_message, payment_token, placed_at, paid_at, shipped_at, delivered_at, cancelled_at, created_at, updated_at)
  select case when pg_temp.dice('guest' || seed, 4) > 0 then 1 + known - pg_temp.dice('who' || seed, 1 + pg_temp.dice('since' || seed, 1 + known)) end, 'R' || 1000000 + row_number() over (order by at),
    case when cancelled < ends then 5 when delivered < ends then 4 when shipped < ends then 3 when paid < ends then 2 when placed < ends then 1 else 0 end,
    channel, case when pg_temp.dice('gift' || seed, 15) = 0 then 'Happy birthday, and get well soon!' end, case when paid < ends then 'tok_' || md5(seed) end,
    case when placed < ends then placed end, case when paid < ends then paid end, case when shipped < ends then shipped end,
    case when delivered < ends then delivered end, case when cancelled < ends then cancelled end, at, least(ends, coalesce(delivered, placed, at))
  from (
    select *, (ends - begins) as whole, (array['web', 'web', 'web', 'app', 'app', 'phone'])[1 + pg_temp.dice('channel' || seed, 6)] as channel,
      cast(1599 * power(extract(epoch from at - begins + interval '9 months') / extract(epoch from ends - begins + interval '9 months'), 1.18) as integer) as known,
      case when pg_temp.dice('placed' || seed, 100) < 62 then at + interval '12 minutes' end as placed
    from span, generate_series(begins, ends, interval '1 day') day,
      generate_series(1, cast((7 + pg_temp.dice('busy' || day, 4)) * (1 + extract(epoch from day - begins) / 86400 / 900)
        * (case extract(month from day) when 12 then 1.6 when 11 then 1.3 when 8 then 0.7 else 1 end) as integer)) n,
      lateral (select day || ' ' || n as seed, day + interval '1 minute' * (420 + pg_temp.dice('minute' || day || n, 900)) as at) each
  ) cart,
  lateral (select case when pg_temp.dice('paid' || seed, 100) < 94 then placed + interval '3 minutes' end as paid) p,
  lateral (select case when pg_temp.dice('paid' || seed, 100) >= 94 or pg_temp.dice('cancel' || seed, 40) = 0 then placed + interval '1 day' end as cancelled) c,
  lateral (select case when cancelled is null then paid + interval '1 hour' * (20 + pg_temp.dice('ship' || seed, 60)) end as shipped) s,
  lateral (select shipped + interval '1 hour' * (20 + pg_temp.dice('deliver' || seed, 100)) as delivered) d
  where at < ends;

insert into line_items (order_id, product_id, quantity, unit_price_cents, created_at, updated_at)
  select o.id, p.id, 1 + cast(pg_temp.dice('two' || o.id || n, 6) = 0 as integer), p.price_cents, o.created_at, o.created_at
  from orders o, lateral generate_series(1, 1 + pg_temp.dice('lines' || o.id, 3)) n,
    lateral (select 1 + pg_temp.dice('product' || o.id || n, 1 + pg_temp.dice('liked' || o.id || n, 48)) as wanted) each
  join products p on p.id = wanted;

-- Lamps break on the way.
insert into returns (line_item_id, reason, comment, refunded_cents, created_at, updated_at)
  select l.id, case when c.name = 'Lamps' and pg_temp.dice('why' || l.id, 4) > 0 then 1 else pg_temp.dice('why' || l.id, 4) end,
    case pg_temp.dice('said' || l.id, 3) when 0 then 'It is for my mother, call her at 06 39 98 11 22' end, l.unit_price_cents * l.quantity,
    least(o.delivered_at + interval '6 days', now()), least(o.delivered_at + interval '6 days', now())
  from line_items l join orders o on o.id = l.order_id join products p on p.id = l.product_id join categories c on c.id = p.category_id
  where o.delivered_at is not null and pg_temp.dice('back' || l.id, 100) < case c.name when 'Lamps' then 17 when 'Textiles' then 9 else 5 end;
