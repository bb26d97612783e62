import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { differingFields, fingerprintOf } from '#core/idempotency/fingerprint.ts'
import { runIdempotent } from '#core/idempotency/run-idempotent.ts'
import { DomainError } from '#core/shared/errors.ts'
import { TENANT_ID } from '#test/support/builders.ts'
import { fakeUnitOfWork } from '#test/support/fake-stores.ts'

const refusalOf = (error: unknown) =>
  error instanceof DomainError ? { status: 409, body: error.code } : null
const requestOf = (body: unknown, key = 'k') => ({
  tenantId: TENANT_ID,
  scopeId: TENANT_ID,
  key,
  fingerprint: fingerprintOf('POST', '/x', body),
})

function arrange() {
  const { unitOfWork, rows } = fakeUnitOfWork()
  const run = (body: unknown, effect: () => Promise<unknown> = async () => body, key = 'k') =>
    runIdempotent({ unitOfWork, refusalOf }, requestOf(body, key), async (joined) =>
      joined(TENANT_ID, async (tx) => {
        const result = await effect()
        await tx.outbox.append({
          tenantId: TENANT_ID,
          economyId: null,
          topic: 'user.created',
          subjectId: 'x',
        })
        return { status: 201, body: result }
      }),
    )
  return { rows, run }
}

describe('runIdempotent', () => {
  it('does the work once and answers the same ever after', async () => {
    const { rows, run } = arrange()
    expect(await run({ a: 1 })).toEqual({ status: 201, body: { a: 1 }, replayed: false })
    expect(await run({ a: 1 })).toEqual({ status: 201, body: { a: 1 }, replayed: true })
    expect(rows.events).toHaveLength(1)
  })

  it('refuses the same key for another body and says what differs', async () => {
    const { run } = arrange()
    await run({ a: 1, b: 2 })
    await expect(run({ a: 1, b: 3, c: 4 })).rejects.toMatchObject({
      code: 'idempotency_key_reused',
      details: { differing: ['/b', '/c'] },
    })
  })

  it('keeps a refusal as the first result and none of its effects', async () => {
    const { rows, run } = arrange()
    const refuse = async () => {
      throw new DomainError('member_exists', 'no')
    }
    expect(await run({}, refuse)).toEqual({ status: 409, body: 'member_exists', replayed: false })
    expect(await run({})).toEqual({ status: 409, body: 'member_exists', replayed: true })
    expect(rows.events).toEqual([])
  })

  it('keeps nothing of a failure that may pass', async () => {
    const { run } = arrange()
    const fail = async () => {
      throw new Error('connection lost')
    }
    await expect(run({}, fail)).rejects.toThrow('connection lost')
    expect(await run({})).toMatchObject({ status: 201, replayed: false })
  })

  it('lets any number of the same request at the same time have one effect', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 6 }), async (scheduler, count) => {
        const { rows, run } = arrange()
        const work = () => scheduler.schedule(Promise.resolve('done'))
        const all = Array.from({ length: count }, () =>
          run({}, work).catch((error: DomainError) => error.code),
        )
        await scheduler.waitFor(Promise.all(all))
        const outcomes = await Promise.all(all)
        const worked = outcomes.filter((outcome) => typeof outcome === 'object' && !outcome.replayed)
        expect(worked).toHaveLength(1)
        expect(rows.events).toHaveLength(1)
      }),
      { numRuns: 30 },
    )
  })
})

describe('fingerprints', () => {
  it('differ exactly where bodies differ', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.string(),
        fc.jsonValue(),
        (body, name, value) => {
          const first = fingerprintOf('POST', '/x', body)
          expect(differingFields(first, fingerprintOf('POST', '/x', structuredClone(body)))).toEqual([])
          const changed = { ...body, [name]: value }
          const isSame = JSON.stringify(body[name]) === JSON.stringify(value) && Object.hasOwn(body, name)
          if (isSame) return
          for (const pointer of differingFields(first, fingerprintOf('POST', '/x', changed)))
            expect(pointer).toBe(`/${name}`)
        },
      ),
    )
  })

  it('do not depend on the order of fields at any depth', () => {
    const first = fingerprintOf('POST', '/x', { a: { b: 1, c: [{ d: 1, e: 2 }] } })
    const second = fingerprintOf('POST', '/x', { a: { c: [{ e: 2, d: 1 }], b: 1 } })
    expect(differingFields(first, second)).toEqual([])
  })

  it('tell method and path apart, and arrays from objects', () => {
    expect(differingFields(fingerprintOf('POST', '/x', {}), fingerprintOf('PUT', '/y', {}))).toEqual([
      'method',
      'path',
    ])
    expect(differingFields(fingerprintOf('POST', '/x', [1]), fingerprintOf('POST', '/x', [2]))).toEqual(['/'])
  })
})
