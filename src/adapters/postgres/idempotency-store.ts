import assert from 'node:assert'
import { IdempotencyKeyInProgress } from '#core/idempotency/errors.ts'
import type { Fingerprint } from '#core/idempotency/fingerprint.ts'
import type { IdempotencyStore } from '#core/idempotency/idempotency-store.ts'
import type { Sealer } from '#adapters/crypto/sealer.ts'
import type { PrismaTx } from './database.ts'
import { toJson } from './json.ts'

export function createIdempotencyStore(tx: PrismaTx, tenantId: string, sealer: Sealer): IdempotencyStore {
  return {
    async lock(scopeId, key) {
      const [row] = await tx.$queryRaw<{ locked: boolean }[]>`
        SELECT pg_try_advisory_xact_lock(hashtextextended(${`idempotency:${scopeId}:${key}`}, 0)) AS locked`
      return row?.locked === true
    },

    async find(scopeId, key) {
      const row = await tx.idempotencyRecord.findFirst({ where: { tenantId, scopeId, key } })
      if (!row) return null
      // Written by this store or by the acceptance store, both from a Fingerprint.
      const fingerprint = row.fingerprint as unknown as Fingerprint
      // The acceptance store keeps results of its own shape, under paths of its own: never a response of ours.
      if (row.status === null) return { fingerprint, response: { status: 0, body: null } }
      assert(typeof row.response === 'string', 'a stored response is sealed text')
      return { fingerprint, response: { status: row.status, body: sealer.open(row.response) } }
    },

    async insert(scopeId, key, { fingerprint, response }) {
      const record = { scopeId, key, tenantId, fingerprint: toJson(fingerprint) }
      const { count } = await tx.idempotencyRecord.createMany({
        data: [{ ...record, status: response.status, response: sealer.seal(response.body) }],
        skipDuplicates: true,
      })
      // The acceptance store claims keys without our lock: it was using this one at the same moment.
      if (count === 0) throw new IdempotencyKeyInProgress()
    },
  }
}
