-- Sample rows: the same each time but for their dates, which end today. Nobody in them exists; the books do.
create function pg_temp.dice(seed text, sides integer) returns integer language sql immutable as $$
  select cast(cast(cast('x' || left(md5(seed), 8) as bit(32)) as bigint) % sides as integer)
$$;

insert into book (title, author, dewey, copies) values
  ('Meditations', 'Marcus Aurelius', 188, 4), ('The Republic', 'Plato', 184, 5), ('Discourse on the Method', 'René Descartes', 194, 3),
  ('Beyond Good and Evil', 'Friedrich Nietzsche', 193, 4), ('Confessions', 'Augustine of Hippo', 270, 2),
  ('The Varieties of Religious Experience', 'William James', 204, 2), ('The Prince', 'Niccolò Machiavelli', 320, 5),
  ('The Wealth of Nations', 'Adam Smith', 330, 3), ('Democracy in America', 'Alexis de Tocqueville', 320, 3),
  ('A Vindication of the Rights of Woman', 'Mary Wollstonecraft', 305, 4), ('Capital', 'Karl Marx', 335, 2),
  ('Course in General Linguistics', 'Ferdinand de Saussure', 410, 2), ('A Dictionary of the English Language', 'Samuel Johnson', 423, 1),
  ('Elements', 'Euclid', 516, 3), ('On the Origin of Species', 'Charles Darwin', 576, 6), ('Micrographia', 'Robert Hooke', 502, 2),
  ('Dialogue Concerning the Two Chief World Systems', 'Galileo Galilei', 523, 2), ('The Chemical History of a Candle', 'Michael Faraday', 540, 3),
  ('The Book of Household Management', 'Isabella Beeton', 640, 4), ('Notes on Nursing', 'Florence Nightingale', 610, 3),
  ('Lives of the Artists', 'Giorgio Vasari', 709, 2), ('A Treatise on Painting', 'Leonardo da Vinci', 750, 2),
  ('Odyssey', 'Homer', 883, 7), ('Hamlet', 'William Shakespeare', 822, 8), ('Don Quixote', 'Miguel de Cervantes', 863, 6),
  ('Candide', 'Voltaire', 843, 7), ('Pride and Prejudice', 'Jane Austen', 823, 12), ('Frankenstein', 'Mary Shelley', 823, 10),
  ('Jane Eyre', 'Charlotte Brontë', 823, 9), ('Wuthering Heights', 'Emily Brontë', 823, 8), ('Moby-Dick', 'Herman Melville', 813, 5),
  ('Madame Bovary', 'Gustave Flaubert', 843, 6), ('Les Misérables', 'Victor Hugo', 843, 9), ('Great Expectations', 'Charles Dickens', 823, 7),
  ('Middlemarch', 'George Eliot', 823, 6), ('War and Peace', 'Leo Tolstoy', 891, 6), ('Crime and Punishment', 'Fyodor Dostoevsky', 891, 8),
  ('Alice’s Adventures in Wonderland', 'Lewis Carroll', 823, 11), ('Little Women', 'Louisa May Alcott', 813, 9),
  ('Twenty Thousand Leagues Under the Seas', 'Jules Verne', 843, 12), ('Treasure Island', 'Robert Louis Stevenson', 823, 10),
  ('The Jungle Book', 'Rudyard Kipling', 823, 9), ('Pinocchio', 'Carlo Collodi', 853, 8), ('The Time Machine', 'H. G. Wells', 823, 8),
  ('The Histories', 'Herodotus', 930, 4), ('The Gallic War', 'Julius Caesar', 936, 3), ('The Travels', 'Marco Polo', 915, 5),
  ('The Decline and Fall of the Roman Empire', 'Edward Gibbon', 937, 3);

insert into member (card_number, name, email, password_hash, birth_date, postcode, joined_on)
  select 'C' || 100000 + n * 37, 'Member ' || n, 'member' || n || '@example.org', 'not a hash ' || md5('password ' || n),
    current_date - (365 * case pg_temp.dice('age' || n, 10) when 0 then 7 when 1 then 9 when 2 then 14 when 3 then 22 when 4 then 27
      when 5 then 36 when 6 then 41 when 7 then 52 when 8 then 67 else 74 end + pg_temp.dice('day' || n, 1400)),
    (array['35000', '35000', '35000', '35200', '35200', '35700', '35510', '35760'])[1 + pg_temp.dice('place' || n, 8)],
    current_date - (3 + pg_temp.dice('joined' || n, 1500))
  from generate_series(1, 900) n;

-- A hamlet of three members: too few to be told.
update member set postcode = '35137' where id in (7, 400, 701);

-- A ticket for each copy: who has more copies is lent more often.
create temp table ticket on commit drop as
  select row_number() over (order by id, copy) - 1 as n, id as book_id from book, generate_series(1, copies) copy;

-- Closed on Sundays and Mondays, quiet in August, late after the summer, busier every year.
insert into loan (book_id, member_id, lent_on, due_on, returned_on, note)
  select book_id, member_id, day, day + 21, case when day + kept <= current_date then day + kept end,
    case pg_temp.dice('note' || seed, 60) when 0 then 'Called at 06 39 98 00 12, will bring it back after her operation'
      when 1 then 'Cover torn' when 2 then 'Lent to her brother' end
  from (
    select cast(day as date) as day, seed, 1 + pg_temp.dice('who' || seed, 1 + pg_temp.dice('which' || seed, 900)) as member_id,
      case when pg_temp.dice('late' || seed, 100) < case when extract(month from day) in (7, 8) then 21 else 11 end
        then 22 + pg_temp.dice('kept' || seed, 40) else 4 + pg_temp.dice('kept' || seed, 18) end as kept,
      pg_temp.dice('book' || seed, (select cast(count(*) as integer) from ticket)) as ticket_number
    from generate_series(date_trunc('month', current_date) - interval '18 months', current_date, interval '1 day') day,
      lateral (select (case when extract(isodow from day) in (3, 6) then 15 else 10 end
        + pg_temp.dice('busy' || day, 5)) * case extract(month from day) when 8 then 0.5 else 1 end
        * (1 - extract(day from current_date - day) / 1500) as visitors) today,
      lateral (select day || ' ' || n as seed from generate_series(1, case when extract(isodow from day) in (1, 7) then 0
        else cast(visitors as integer) end) n) each
  ) lent
  join ticket on n = ticket_number
  where exists (select from member m where m.id = lent.member_id and m.joined_on <= lent.day);
