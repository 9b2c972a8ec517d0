/** Which keys went, told by sums of their hashes. */
import { expect, test } from 'vitest'
import { type Candidate, KeySums } from '../../src/delta/keys.ts'

const BUCKETS = 4
const IN = 60
/** Any 64 bits, the same in each run. */
const hashOf = (number: number): bigint =>
  BigInt.asIntN(64, BigInt(number + 1) * 0x9e3779b97f4a7c15n ** BigInt(2 + (number % 5)))
const bucketOf = (number: number): number => Math.floor(number / IN)
const all = Array.from({ length: BUCKETS * IN }, (_, number) => number)
const row = (number: number) => ({ bucket: bucketOf(number), keys: 1, mixed: `${hashOf(number)}` })
const candidates = (bucket: number): readonly Candidate[] =>
  all.filter((number) => bucketOf(number) === bucket).map((number) => ({ place: `${number}`, hash: hashOf(number) }))

test.each([
  [[]],
  [[0]],
  [[59, 60]],
  [[0, 1, 100]],
  [[1, 58, 59, 60, 61, 62, 239]],
  [[0, 30, 59, 61, 100, 119, 120, 121, 179, 180, 200, 239]],
])('the keys that went are those whose hashes are missing: %j', (gone) => {
  const was = new KeySums(BUCKETS).add(all.map(row), 1)
  const left = KeySums.recorded(was.written, all.length, BUCKETS)
  left?.add(all.filter((number) => !gone.includes(number)).map(row), -1)
  expect([left?.keys, left?.left, left?.isNothing]).toEqual([
    gone.length,
    [...new Set(gone.map(bucketOf))],
    gone.length === 0,
  ])
  const there = new Map(left?.left.map((bucket) => [bucket, candidates(bucket)]))
  const found = left?.explained(there)?.map(({ place }) => Number(place))
  expect(found?.toSorted((a, b) => a - b)).toEqual(gone)
})

test('more than three of one bucket, or a key that came, are not told', () => {
  const four = new KeySums(BUCKETS).add([0, 1, 2, 3].map(row), 1)
  expect(four.explained(new Map([[0, candidates(0)]]))).toBeNull()
  const one = new KeySums(BUCKETS).add([row(7)], -1)
  expect(one.explained(new Map([[0, candidates(0)]]))).toBeNull()
})

test('sums of another number of buckets, and digests of earlier tools, are not read', () => {
  const { written } = new KeySums(BUCKETS).add(all.map(row), 1)
  expect(KeySums.recorded(written, all.length, 2 * BUCKETS)).toBeNull()
  expect(KeySums.recorded('a'.repeat(64), all.length, 4)).toBeNull()
  expect(KeySums.recorded(null, all.length, BUCKETS)).toBeNull()
})
