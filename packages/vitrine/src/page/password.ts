/** Hashes and checks visitors' passwords. */
import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import type { Secret } from '../base/secret.ts'

const derived = (password: string, salt: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) =>
    scrypt(password, salt, 32, { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    ),
  )

/** What a password is kept as, so that the setting does not hold it. */
export async function passwordHash(password: string, salt = randomBytes(16)): Promise<string> {
  return `scrypt:${salt.toString('base64')}:${(await derived(password, salt)).toString('base64')}`
}

export const HASHED = /^scrypt:([A-Za-z0-9+/]{22,}={0,2}):([A-Za-z0-9+/]{43}=)$/

/** Whether it is the one that the setting holds, plain or as its hash. */
export async function matches(given: string, secret: Secret): Promise<boolean> {
  const [, salt, hash] = HASHED.exec(secret.reveal()) ?? []
  if (salt !== undefined && hash !== undefined)
    return timingSafeEqual(await derived(given, Buffer.from(salt, 'base64')), Buffer.from(hash, 'base64'))
  // Compares digests under a random key, so that the time of the answer does not reveal a plain password.
  const key = randomBytes(32)
  const digestOf = (text: string) => createHmac('sha256', key).update(text).digest()
  return timingSafeEqual(digestOf(given), digestOf(secret.reveal()))
}
