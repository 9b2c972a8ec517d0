/**
 * The columns of the application that the publication may look at. Rails' own tables (schema_migrations, active_storage_…) are not
 * here, so they do not exist for it. Timestamps have no zone: Rails writes them in UTC.
 */
import { indirect, open, personal, register, secret } from 'vitrine'

export const ZONE = 'Europe/Paris'

const stamps = { created_at: indirect.timestamp, updated_at: indirect.timestamp }

export const source = register('public', {
  users: {
    id: indirect.bigint,
    email: personal.text,
    encrypted_password: secret.text,
    reset_password_token: secret.text.nullable,
    first_name: personal.text.nullable,
    last_name: personal.text.nullable,
    phone: personal.text.nullable,
    role: open.integer,
    // A document: whatever a developer puts there next year is in it too, so it is personal as a whole.
    settings: personal.jsonb,
    current_sign_in_ip: personal.inet.nullable,
    deleted_at: indirect.timestamp.nullable,
    ...stamps,
  },
  addresses: {
    id: indirect.bigint,
    addressable_type: open.text,
    addressable_id: indirect.bigint,
    street: personal.text.nullable,
    postcode: indirect.text.nullable,
    city: indirect.text.nullable,
    country_code: open.varchar(2),
    ...stamps,
  },
  categories: { id: open.bigint, name: open.text, created_at: open.timestamp, updated_at: open.timestamp },
  products: {
    id: open.bigint,
    category_id: open.bigint,
    name: open.text,
    sku: open.text,
    price_cents: open.integer,
    // What we pay is nobody’s personal data, and nobody’s business: not published all the same.
    supplier_price_cents: open.integer,
    status: open.integer,
    deleted_at: open.timestamp.nullable,
    created_at: open.timestamp,
    updated_at: open.timestamp,
  },
  orders: {
    id: indirect.bigint,
    user_id: indirect.bigint.nullable,
    number: indirect.text,
    status: open.integer,
    channel: open.text,
    gift_message: personal.text.nullable,
    payment_token: secret.text.nullable,
    placed_at: indirect.timestamp.nullable,
    paid_at: indirect.timestamp.nullable,
    shipped_at: indirect.timestamp.nullable,
    delivered_at: indirect.timestamp.nullable,
    cancelled_at: indirect.timestamp.nullable,
    ...stamps,
  },
  line_items: {
    id: indirect.bigint,
    order_id: indirect.bigint,
    product_id: open.bigint,
    quantity: open.integer,
    unit_price_cents: open.integer,
    ...stamps,
  },
  returns: {
    id: indirect.bigint,
    line_item_id: indirect.bigint,
    reason: open.integer,
    comment: personal.text.nullable,
    refunded_cents: open.integer,
    ...stamps,
  },
})
