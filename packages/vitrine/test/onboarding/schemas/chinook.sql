-- The shape of a database carried over from another system: mixed case, varchar everywhere, a row that points to its own table.
create table "Artist" ("ArtistId" integer primary key, "Name" varchar(120));
create table "Album" ("AlbumId" integer primary key, "Title" varchar(160) not null, "ArtistId" integer not null references "Artist");
create table "Employee" (
  "EmployeeId" integer primary key, "LastName" varchar(20) not null, "Title" varchar(30), "ReportsTo" integer references "Employee",
  "BirthDate" timestamp, "HireDate" timestamp, "Phone" varchar(24), "Email" varchar(60)
);
create table "Customer" (
  "CustomerId" integer primary key, "FirstName" varchar(40) not null, "LastName" varchar(20) not null, "Company" varchar(80),
  "PostalCode" varchar(10), "Phone" varchar(24), "Email" varchar(60) not null, "SupportRepId" integer references "Employee"
);
create table "Invoice" (
  "InvoiceId" integer primary key, "CustomerId" integer not null references "Customer", "InvoiceDate" timestamp not null,
  "BillingAddress" varchar(70), "BillingCountry" varchar(40), "Total" numeric(10, 2) not null
);
create table "Playlist" ("PlaylistId" integer primary key, "Name" varchar(120));
create table "PlaylistTrack" ("PlaylistId" integer not null references "Playlist", "TrackId" integer not null, primary key ("PlaylistId", "TrackId"));
insert into "Artist" select n, 'Artist ' || n from generate_series(1, 4) n;
insert into "Album" select n, 'Album ' || n, 1 + n % 4 from generate_series(1, 8) n;
insert into "Employee" values (1, 'Adams', 'Manager', null, '1962-02-18', '2002-08-14', '+1 780 428 9482', 'a@example.org');
insert into "Customer" select n, 'First', 'Last', null, '75001', null, 'c' || n || '@example.org', 1 from generate_series(1, 6) n;
insert into "Invoice" select n, 1 + n % 6, timestamp '2025-01-01' + n * interval '1 day', 'Street', 'France', n * 1.98 from generate_series(1, 30) n;
insert into "Playlist" values (1, 'Music');
insert into "PlaylistTrack" values (1, 1), (1, 2);
