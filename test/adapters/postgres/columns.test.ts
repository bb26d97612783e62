import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  alike,
  alikeJsonColumnOf,
  bytesColumnOf,
  columnOf,
  jsonColumnOf,
  kindsOf,
  sparseColumnOf,
  textColumnOf,
  timeColumnOf,
} from '#adapters/postgres/columns.ts'
import { createTestDatabase, type TestDatabase } from '#test/support/stack.ts'

let urls: TestDatabase
let owner: pg.Pool

beforeAll(async () => {
  urls = await createTestDatabase()
  owner = new pg.Pool({ connectionString: urls.ownerUrl, max: 1 })
})
afterAll(async () => {
  await owner.end()
  await urls.drop()
})

/** PostgreSQL keeps no NUL, and half a surrogate pair is no text. */
const aText = fc
  .string({ unit: 'grapheme', maxLength: 30 })
  .map((text) => text.replaceAll('\0', '').toWellFormed())
const AWKWARD = [
  '',
  'NULL',
  'null',
  '"',
  '\\',
  '\\"',
  '{}',
  '{"a":1}',
  ' ',
  ',',
  '\n\t',
  "'",
  'ünï',
  '😀',
  null,
]

async function readBack(type: string, column: string): Promise<unknown[]> {
  const { rows } = await owner.query(`SELECT unnest($1::${type}[]) AS value`, [column])
  return rows.map(({ value }) => value)
}

it('brings any text to the database as it is', async () => {
  expect(await readBack('text', textColumnOf(AWKWARD))).toEqual(AWKWARD)
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(aText)), async (texts) => {
      expect(await readBack('text', textColumnOf(texts))).toEqual(texts)
    }),
  )
})

it('brings any JSON to the database as it is', async () => {
  const values = [{}, [], {}, { 'a"b': '\\' }, [{ name: 'x, "y"' }], 'text', null, 7, {}]
  // The driver reads jsonb's null as it reads SQL's.
  expect(await readBack('jsonb', jsonColumnOf(values))).toEqual(values)
  await fc.assert(
    fc.asyncProperty(fc.array(fc.dictionary(aText, aText)), async (objects) => {
      expect(await readBack('jsonb', jsonColumnOf(objects))).toEqual(objects.map((object) => ({ ...object })))
    }),
  )
})

it('brings bytes to the database as they are', async () => {
  const values = ['0x', '0x00', `0x${'5c22'.repeat(16)}`, `0x${'AbfF'.repeat(16)}`]
  const bytes = values.map((value) => Buffer.from(value.slice(2), 'hex'))
  expect(await readBack('bytea', bytesColumnOf(values))).toEqual(bytes)
  expect(await readBack('bytea', bytesColumnOf([]))).toEqual([])
})

it('brings numbers of any size, moments and nothing to the database as they are', async () => {
  const huge = 2n ** 200n
  expect(await readBack('numeric', columnOf([huge, -1n, null, 0]))).toEqual([
    huge.toString(),
    '-1',
    null,
    '0',
  ])
  const moments = [new Date('2026-02-28T23:59:59.999Z'), new Date(0)]
  expect(await readBack('timestamptz', timeColumnOf(moments))).toEqual(moments)
})

it('gives each row what was written once for all of its kind, or for all rows', async () => {
  const aRow = fc.record({
    economy: fc.nat(3),
    object: fc.dictionary(aText, aText),
    price: fc.option(fc.nat()),
  })
  const alikeRows = fc.tuple(aRow, fc.nat(4)).map(([row, count]) => Array.from({ length: count }, () => row))
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.array(aRow), alikeRows), async (rows) => {
      const { kinds, places } = kindsOf(rows, ({ economy }) => `${economy}`)
      const { rows: read } = await owner.query(
        `SELECT ($1::int[])[kind] AS economy, ${alike('object', '$3')} AS object, price
         FROM unnest($2::int[], $3::jsonb[], $4::int[]) AS row(kind, object, price)`,
        [
          columnOf(kinds.map(({ economy }) => economy)),
          places,
          alikeJsonColumnOf(rows.map(({ object }) => object)),
          sparseColumnOf(rows.map(({ price }) => price)),
        ],
      )
      expect(read).toEqual(rows.map((row) => ({ ...row, object: { ...row.object } })))
    }),
  )
})
