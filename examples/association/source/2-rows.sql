-- Sample rows: the same each time but for their dates, which end today. Nobody in them exists.
create function pg_temp.dice(seed text, sides integer) returns integer language sql immutable as $$
  select cast(cast(cast('x' || left(md5(seed), 8) as bit(32)) as bigint) % sides as integer)
$$;
/* A season begins in September. */
create function pg_temp.season(day date) returns varchar language sql immutable as $$
  select extract(year from day - interval '8 months') || '-' || extract(year from day + interval '4 months')
$$;

insert into django_migrations (app, name, applied) values ('members', '0001_initial', now()), ('donations', '0001_initial', now());
insert into django_content_type (app_label, model) values ('members', 'member'), ('donations', 'donation');
insert into django_session values ('abcdef', 'not a session', now() + interval '9 days');
insert into auth_group (name) values ('board'), ('treasurer'), ('coach');

insert into auth_user (password, last_login, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined)
  select 'not a hash ' || md5('password ' || n), now() - interval '1 day' * n, n = 1, 'user' || n, 'First ' || n, 'Last ' || n, 'user' || n || '@example.org', true, true,
    now() - interval '4 years' from generate_series(1, 14) n;
insert into auth_user_groups (user_id, group_id) select n, case when n < 4 then 1 when n = 4 then 2 else 3 end from generate_series(1, 14) n;

insert into members_section (name, slug) values ('Judo', 'judo'), ('Choir', 'choir'), ('Hiking', 'hiking'), ('Theatre', 'theatre'), ('Chess', 'chess'), ('Swimming', 'swimming');

-- Members 1 to 500 are grown up, and may be the guardian of one of the others. A third have left since.
insert into members_member (user_id, guardian_id, first_name, last_name, birth_date, email, phone, address, postcode, emergency_contact, health_notes, photo, image_consent, joined_on, left_on)
  select case when n <= 14 then n end, case when age < 18 then 1 + pg_temp.dice('guardian' || n, 500) end, 'First ' || n, 'Last ' || n,
    current_date - (age * 365 + age / 4 + pg_temp.dice('born' || n, 360)), case when age < 12 then 'member' || 1 + pg_temp.dice('guardian' || n, 500) else 'member' || n end || '@example.org',
    '06 39 98 ' || lpad(cast(n / 100 as text), 2, '0') || ' ' || lpad(cast(n % 100 as text), 2, '0'), n || ' Example Street',
    (array['35400', '35400', '35400', '35400', '35350', '35430', '35000', '75011'])[1 + pg_temp.dice('place' || n, 8)], 'Her neighbour, 06 39 98 77 00',
    case pg_temp.dice('health' || n, 9) when 0 then 'Asthma: has an inhaler' when 1 then 'Allergic to nuts' else '' end, 'photos/' || md5('photo' || n) || '.jpg',
    pg_temp.dice('consent' || n, 10) < 7, joined, case when pg_temp.dice('left' || n, 3) = 0 and joined < current_date - 400 then joined + 300 + pg_temp.dice('stayed' || n, 90) end
  from generate_series(1, 1300) n,
    lateral (select case when n <= 500 then 25 + pg_temp.dice('age' || n, 55) else 6 + pg_temp.dice('age' || n, 18) end as age) a,
    lateral (select cast(date_trunc('year', current_date - interval '8 months') + interval '8 months' as date) - 365 * pg_temp.dice('year' || n, 4) + pg_temp.dice('joined' || n, 75) as joined) j
  where joined <= current_date;

insert into members_member_sections (member_id, section_id)
  select distinct m.id, 1 + pg_temp.dice('section' || m.id || n, case when m.id <= 500 then 5 else 6 end) from members_member m, generate_series(1, 1 + pg_temp.dice('two' || m.id, 5) / 4) n;

-- One fee a season. Those of this season come in slowly.
insert into members_fee (member_id, season, amount, reduction, method, paid_on)
  select m.id, pg_temp.season(cast(day as date)), case reduction when 'none' then 120 when 'child' then 80 else 40 end, reduction,
    (array['transfer', 'transfer', 'card', 'card', 'cheque', 'cash'])[1 + pg_temp.dice('method' || m.id, 6)], case when paid <= current_date then paid end
  from members_member m, lateral generate_series(m.joined_on, least(coalesce(m.left_on, current_date), current_date), interval '1 year') day,
    lateral (select case when pg_temp.dice('reduction' || m.id, 12) = 0 then 'social' when m.birth_date > day - interval '18 years' then 'child' else 'none' end as reduction) r,
    lateral (select case when pg_temp.dice('never' || m.id || day, 25) > 0 then cast(day as date) + pg_temp.dice('paid' || m.id || day, 8) * pg_temp.dice('late' || m.id, 12) end as paid) p;

-- Many small ones before the end of the year, some large.
insert into donations_donation (member_id, donor_name, donor_email, iban, amount, method, message, given_on)
  select case when pg_temp.dice('inside' || seed, 3) > 0 then 1 + pg_temp.dice('who' || seed, 500) end, 'Donor ' || seed, 'donor' || md5(seed) || '@example.org', 'FR76 not an IBAN',
    (array[10, 20, 20, 30, 50, 50, 80, 100, 100, 200, 250, 500, 1500])[1 + pg_temp.dice('amount' || seed, 13)], (array['transfer', 'card', 'cheque'])[1 + pg_temp.dice('method' || seed, 3)],
    case pg_temp.dice('message' || seed, 6) when 0 then 'In memory of my husband, who sang in the choir' else '' end, day
  from generate_series(date_trunc('month', current_date) - interval '24 months', current_date, interval '1 day') day,
    lateral generate_series(1, case extract(month from day) when 12 then 3 when 11 then 2 else pg_temp.dice('day' || day, 3) end) n, lateral (select day || ' ' || n as seed) each;

-- Every section meets twice a week, not in July and August.
insert into activities_session (section_id, coach_id, starts_at, cancelled)
  select s.id, 5 + s.id, (day + interval '18 hours') at time zone 'Europe/Paris', pg_temp.dice('cancelled' || s.id || day, 25) = 0
  from members_section s, generate_series(date_trunc('month', current_date) - interval '18 months', current_date, interval '1 day') day
  where extract(month from day) not in (7, 8) and (extract(isodow from day) = s.id or extract(isodow from day) = 1 + (s.id + 2) % 6);
insert into activities_attendance (session_id, member_id, state, note)
  select s.id, e.member_id, case when pg_temp.dice('there' || s.id || '-' || e.member_id, 100) < 86 - 3 * s.section_id - 8 * cast(extract(month from s.starts_at) in (1, 2) as integer) then 'present'
      when pg_temp.dice('excused' || s.id || '-' || e.member_id, 3) > 0 then 'excused' else 'absent' end,
    case when pg_temp.dice('note' || s.id || '-' || e.member_id, 80) = 0 then 'Her father called: has the flu' else '' end
  from activities_session s join members_member_sections e on e.section_id = s.section_id join members_member m on m.id = e.member_id
  where not s.cancelled and m.joined_on <= s.starts_at and coalesce(m.left_on, current_date) >= s.starts_at and (s.id + e.member_id) % 5 = 0;
