/**
 * The columns of the application that the publication may look at. Django's own tables (auth_user, django_session …) are not here:
 * nobody's account, password or login is of any interest to it.
 */
import { indirect, open, personal, register, secret } from 'vitrine'

export const ZONE = 'Europe/Paris'

export const source = register('public', {
  members_section: { id: open.bigint, name: open.varchar(80), slug: open.varchar(50) },
  members_member: {
    id: indirect.bigint,
    user_id: indirect.integer.nullable,
    // Whose child it is.
    guardian_id: personal.bigint.nullable,
    first_name: personal.varchar(100),
    last_name: personal.varchar(100),
    birth_date: personal.date,
    email: personal.varchar(254),
    phone: personal.varchar(20),
    address: personal.text,
    postcode: indirect.varchar(10),
    emergency_contact: personal.text,
    // Special category of the GDPR, article 9. Secret, so that no treatment can be tried on it: even "has a note" tells.
    health_notes: secret.text,
    photo: personal.varchar(100),
    image_consent: indirect.boolean,
    joined_on: indirect.date,
    left_on: indirect.date.nullable,
  },
  members_member_sections: { id: indirect.bigint, member_id: indirect.bigint, section_id: open.bigint },
  members_fee: {
    id: indirect.bigint,
    member_id: indirect.bigint,
    season: open.varchar(9),
    amount: indirect.numeric,
    // Who pays less because of a small income is not told: see fee.ts.
    reduction: personal.varchar(20),
    method: indirect.varchar(20),
    paid_on: indirect.date.nullable,
  },
  donations_donation: {
    id: indirect.bigint,
    member_id: personal.bigint.nullable,
    donor_name: personal.varchar(200),
    donor_email: personal.varchar(254),
    iban: secret.varchar(34),
    // The largest one of the year is a person to everybody who was at the dinner.
    amount: personal.numeric,
    method: open.varchar(20),
    message: personal.text,
    given_on: indirect.date,
  },
  activities_session: {
    id: indirect.bigint,
    section_id: open.bigint,
    coach_id: personal.integer,
    starts_at: open.timestamptz,
    cancelled: open.boolean,
  },
  activities_attendance: {
    id: indirect.bigint,
    session_id: indirect.bigint,
    member_id: indirect.bigint,
    state: indirect.varchar(10),
    note: personal.text,
  },
})
