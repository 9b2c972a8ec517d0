/** A source table whose reading a test can stop, and let go on, at will: a view that waits for an advisory lock. */
import type pg from 'pg'

const KEY = 7_301

/** Puts the gate before `customer`. Nobody notices it while it is open. As the owner of the table. */
export const buildGate = (owner: pg.Client) =>
  owner.query(`
    alter table customer rename to customer_rows;
    create function gate() returns boolean language plpgsql volatile as
      $$ begin perform pg_catalog.pg_advisory_xact_lock_shared(${KEY}); return true; end $$;
    create view customer as select c.* from customer_rows c, gate()`)

/** From now on whoever reads rows of `customer` waits, until the session ends or opens the gate again. */
export const closeGate = (client: pg.Client) => client.query(`select pg_advisory_lock(${KEY})`)
export const openGate = (client: pg.Client) => client.query(`select pg_advisory_unlock(${KEY})`)

/** Waits until somebody stands before the gate. */
export async function somebodyWaits(client: pg.Client): Promise<void> {
  for (let tries = 0; tries < 6_000; tries++) {
    const { rows } = await client.query(
      `select from pg_locks where locktype = 'advisory' and objid = ${KEY} and not granted and database =
         (select oid from pg_database where datname = current_database())`,
    )
    if (rows.length > 0) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('nobody came to the gate')
}
