-- The tables of the library's application, as its team wrote them.
create table book (
  id bigint generated always as identity primary key,
  title text not null,
  author text not null,
  dewey smallint not null,
  copies integer not null
);

create table member (
  id bigint generated always as identity primary key,
  card_number text not null unique,
  name text not null,
  email text not null unique,
  password_hash text not null,
  birth_date date not null,
  postcode text not null,
  joined_on date not null
);

create table loan (
  id bigint generated always as identity primary key,
  book_id bigint not null references book (id),
  member_id bigint not null references member (id),
  lent_on date not null,
  due_on date not null,
  returned_on date,
  note text
);
