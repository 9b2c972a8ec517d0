// The publication of the kill test, in plain JavaScript because a child process runs it on the compiled tool.
/** @param {typeof import('../../src/index.ts')} vitrine */
export function plainShop(vitrine, roles) {
  const { indirect, open, personal, secret } = vitrine
  const source = vitrine.register(
    'public',
    {
      customer: {
        id: indirect.bigint,
        email: personal.varchar(100),
        password: secret.text,
        name: open.varchar(50),
        job: personal.text.nullable,
        country: open.integer.nullable,
        created_at: open.timestamptz,
      },
      purchase: {
        id: indirect.bigint,
        customer_id: indirect.bigint,
        amount: open.integer,
        label: open.varchar(40).nullable,
      },
    },
    { derived: { customer: 'Tests put a view that waits in its place.' } },
  )
  const key = 'stable key'
  const customer = vitrine
    .from(source.selectFrom('customer as c'))
    .publish('shop_customer', 'A customer.', ({ ref, selectFrom }) => ({
      id: vitrine.bigint(vitrine.because(ref('c.id'), key), 'Key').primaryKey(),
      name: vitrine.varchar(20, ref('c.name'), 'Trade name'),
      country: vitrine
        .text(
          vitrine.compute({ code: ref('c.country') }, ({ code }) => (code === null ? null : `C${code}`)),
          'Country',
        )
        .nullable(),
      purchases: vitrine.integer(
        selectFrom('purchase as p').whereRef('p.customer_id', '=', 'c.id').select(vitrine.count().as('n')).$asScalar(),
        'Number of purchases',
      ),
    }))
  const purchase = vitrine
    .from(source.selectFrom('purchase as p'))
    .publish('shop_purchase', 'A purchase.', ({ ref }) => ({
      id: vitrine.bigint(vitrine.because(ref('p.id'), key), 'Key').primaryKey(),
      customer_id: vitrine.bigint(vitrine.because(ref('p.customer_id'), key), 'Customer').references(() => customer),
      amount: vitrine.integer(ref('p.amount'), 'Amount'),
    }))
  return vitrine.definePublication({ name: 'shop', schema: 'shop', source, tables: [customer, purchase], ...roles })
}
