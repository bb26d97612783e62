import { describe, expect, it } from 'vitest'
import type { AcceptRequest, AcceptResult } from '#core/transaction/accept-transactions.ts'
import { Acceptor } from '#core/transaction/acceptor.ts'

const item = {
  type: { name: 'tip' },
  fromUserId: 'a',
  toUserId: 'b',
  amount: '1',
  commission: null,
  metadata: {},
}

function aRequest(key: string | null = null, items = 1): AcceptRequest {
  return {
    tenantId: 't',
    economyId: 'e',
    items: Array.from({ length: items }, () => item),
    idempotency: key === null ? null : { key, fingerprint: { method: 'POST', path: '/', fields: {} } },
    dryRun: false,
  }
}

/** An accept function whose batches end when the test says so. */
function aSlowAccept() {
  const batches: { requests: readonly AcceptRequest[]; send(): void; finish(): void }[] = []
  const accept = (requests: readonly AcceptRequest[], onSent?: () => void) =>
    new Promise<AcceptResult[]>((resolve) => {
      batches.push({
        requests,
        send: () => onSent?.(),
        finish: () => resolve(requests.map(() => ({ items: [], replayed: false }))),
      })
    })
  return { accept, batches }
}

const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))

describe('Acceptor', () => {
  it('sends a lone request at once', async () => {
    const { accept, batches } = aSlowAccept()
    const acceptor = new Acceptor(accept)
    void acceptor.submit(aRequest())
    await turn()
    expect(batches.map((batch) => batch.requests.length)).toEqual([1])
  })

  it('commits together what arrives while a batch is in flight', async () => {
    const { accept, batches } = aSlowAccept()
    const acceptor = new Acceptor(accept)
    const all: Promise<unknown>[] = [acceptor.submit(aRequest())]
    await turn()
    for (let count = 0; count < 10; count++) all.push(acceptor.submit(aRequest()))
    await turn()
    expect(batches.map((batch) => batch.requests.length)).toEqual([1])
    batches[0]?.finish()
    await turn()
    expect(batches.map((batch) => batch.requests.length)).toEqual([1, 10])
    for (const batch of batches) batch.finish()
    await Promise.all(all)
  })

  it('begins the next batch when the one before was sent, and waits for both at its end', async () => {
    const { accept, batches } = aSlowAccept()
    const acceptor = new Acceptor(accept)
    const all: Promise<unknown>[] = [acceptor.submit(aRequest())]
    await turn()
    all.push(acceptor.submit(aRequest()), acceptor.submit(aRequest()))
    await turn()
    expect(batches).toHaveLength(1)
    batches[0]?.send()
    await turn()
    expect(batches.map((batch) => batch.requests.length)).toEqual([1, 2])
    // The answer to the first one begins nothing while the second has more to send.
    all.push(acceptor.submit(aRequest()))
    batches[0]?.finish()
    await turn()
    expect(batches).toHaveLength(2)
    let isDrained = false
    const drained = acceptor.drain().then(() => (isDrained = true))
    batches[1]?.send()
    await turn()
    batches[2]?.finish()
    await turn()
    expect(isDrained).toBe(false)
    batches[1]?.finish()
    await Promise.all([...all, drained])
    expect(batches).toHaveLength(3)
  })

  it('refuses a key whose first request has not ended, and takes it again afterwards', async () => {
    const { accept, batches } = aSlowAccept()
    const acceptor = new Acceptor(accept)
    const first = acceptor.submit(aRequest('k'))
    await expect(acceptor.submit(aRequest('k'))).rejects.toMatchObject({
      code: 'idempotency_key_in_progress',
    })
    await turn()
    batches[0]?.finish()
    await first
    void acceptor.submit(aRequest('k'))
    await turn()
    expect(batches).toHaveLength(2)
  })

  it('fails one poisonous request and accepts its neighbours', async () => {
    const poison = aRequest('poison')
    const acceptor = new Acceptor(async (requests) => {
      if (requests.includes(poison)) throw new Error('constraint violated')
      return requests.map(() => ({ items: [], replayed: false }))
    })
    const results = await Promise.allSettled([
      acceptor.submit(aRequest('a')),
      acceptor.submit(poison),
      acceptor.submit(aRequest('b')),
    ])
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  })

  it('tells every caller at once when the failure says nothing about the requests', async () => {
    const sizes: number[] = []
    const acceptor = new Acceptor(
      async (requests) => {
        sizes.push(requests.length)
        throw new Error('connection refused')
      },
      { isPassing: () => true },
    )
    const results = await Promise.allSettled([acceptor.submit(aRequest('a')), acceptor.submit(aRequest('b'))])
    expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected'])
    expect(sizes).toEqual([2])
  })

  it('keeps a batch within its bound of items', async () => {
    const { accept, batches } = aSlowAccept()
    const acceptor = new Acceptor(accept)
    for (let count = 0; count < 3; count++) void acceptor.submit(aRequest(null, 600))
    await turn()
    expect(batches.map((batch) => batch.requests.length)).toEqual([1])
    batches[0]?.finish()
    await turn()
    expect(batches.map((batch) => batch.requests.length)).toEqual([1, 1])
  })

  it('refuses at once when too much is waiting', async () => {
    const { accept } = aSlowAccept()
    const acceptor = new Acceptor(accept)
    const submissions: Promise<unknown>[] = []
    for (let count = 0; count < 25; count++)
      submissions.push(acceptor.submit(aRequest(null, 1_000)).catch((error: unknown) => error))
    const last = await submissions.at(-1)
    expect(last).toMatchObject({ code: 'overloaded' })
  })
})
