import type { UnitOfWork } from '../unit-of-work.ts'
import { IdempotencyKeyInProgress, IdempotencyKeyReused } from './errors.ts'
import { differingFields, type Fingerprint } from './fingerprint.ts'
import type { IdempotencyStore, StoredResponse } from './idempotency-store.ts'

export interface IdempotentRequest {
  tenantId: string
  /** The economy on the data plane, the tenant on the control plane: keys of two scopes never meet. */
  scopeId: string
  key: string
  fingerprint: Fingerprint
}

/** What to answer; `replayed` when an earlier request did the work. */
export type IdempotentResult = StoredResponse & { replayed: boolean }

interface Deps {
  unitOfWork: UnitOfWork
  /** The response of an expected refusal, which is then the key's first result too. Null: an error that may pass, not stored. */
  refusalOf(error: unknown): StoredResponse | null
}

/**
 * Runs `work` at most once per key. Its unit of work joins ours, so the effect and the record of its response commit
 * together or not at all; a refusal is recorded in a unit of work of its own, after the rollback.
 *
 * @throws IdempotencyKeyInProgress while the first request with the key runs
 * @throws IdempotencyKeyReused when the key belongs to a different request
 * @see draft-ietf-httpapi-idempotency-key-header-07
 */
export async function runIdempotent(
  deps: Deps,
  request: IdempotentRequest,
  work: (unitOfWork: UnitOfWork) => Promise<StoredResponse>,
): Promise<IdempotentResult> {
  try {
    return await deps.unitOfWork(request.tenantId, async (tx) => {
      const earlier = await claim(tx.idempotency, request)
      if (earlier) return earlier
      const response = await work(async (_tenantId, joined) => joined(tx))
      await tx.idempotency.insert(request.scopeId, request.key, {
        fingerprint: request.fingerprint,
        response,
      })
      return { ...response, replayed: false }
    })
  } catch (error) {
    // A refusal of the key itself is no result of the request.
    const isAboutKey = error instanceof IdempotencyKeyInProgress || error instanceof IdempotencyKeyReused
    const refusal = isAboutKey ? null : deps.refusalOf(error)
    if (refusal) return recordRefusal(deps, request, refusal)
    throw error
  }
}

async function recordRefusal(
  deps: Deps,
  request: IdempotentRequest,
  refusal: StoredResponse,
): Promise<IdempotentResult> {
  return deps.unitOfWork(request.tenantId, async (tx) => {
    // A retry may have overtaken us between the rollback and here; then its result is the first one.
    const earlier = await claim(tx.idempotency, request)
    if (earlier) return earlier
    await tx.idempotency.insert(request.scopeId, request.key, {
      fingerprint: request.fingerprint,
      response: refusal,
    })
    return { ...refusal, replayed: false }
  })
}

async function claim(store: IdempotencyStore, request: IdempotentRequest): Promise<IdempotentResult | null> {
  if (!(await store.lock(request.scopeId, request.key))) throw new IdempotencyKeyInProgress()
  const record = await store.find(request.scopeId, request.key)
  if (!record) return null
  const differing = differingFields(record.fingerprint, request.fingerprint)
  if (differing.length > 0) throw new IdempotencyKeyReused(differing)
  return { ...record.response, replayed: true }
}
