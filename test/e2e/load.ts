import { setTimeout as sleep } from 'node:timers/promises'
import type { V3Client } from '#apps/cli/v3-client.ts'
import type { WireTransaction, WireTransactionBatch } from '#apps/cli/wire.ts'
import type { Partner } from './partner.ts'

/** Requests that one caller sends at most. */
const REQUESTS_MAX = 400
const CALLERS = 6
const BATCH_ITEMS = 10
/** Every so many requests a caller sends a batch; every so many it hangs up on its first attempt. */
const BATCH_EVERY = 8
const HANG_UP_EVERY = 5
const HANG_UP_AFTER_MS = 15
const PACE_MS = 30

/** Callers that go on paying until they are told to stop. */
export interface Load {
  /** Lets every caller get its last answer. @returns the ids of everything that was accepted. */
  stop(): Promise<string[]>
}

/**
 * Rewards and tips from several callers at once, each repeated under its Idempotency-Key until it is answered. No two amounts
 * are the same, so that a payment made twice cannot be taken for another one.
 */
export function startLoad({ client, users }: Partner, name: string): Load {
  const accepted: string[] = []
  let isStopped = false
  let amount = 0

  function nextPayment(): Record<string, string> {
    amount += 1
    const from = users[amount % users.length]?.id ?? ''
    const to = users[(amount * 7 + 1) % users.length]?.id ?? ''
    const hasTip = amount % 3 === 0 && from !== to
    return hasTip
      ? { type: 'tip', from_user_id: from, to_user_id: to, amount: `${amount}` }
      : { type: 'reward', to_user_id: to, amount: `${amount}` }
  }

  async function call(caller: number): Promise<void> {
    for (let turn = 1; turn <= REQUESTS_MAX && !isStopped; turn += 1) {
      const idempotencyKey = `${name}-${caller}-${turn}`
      if (turn % BATCH_EVERY === 0) accepted.push(...(await payBatch(client, idempotencyKey)))
      else accepted.push(await payOne(client, idempotencyKey, turn % HANG_UP_EVERY === 0))
      await sleep(PACE_MS)
    }
  }

  async function payOne(caller: V3Client, idempotencyKey: string, hangsUp: boolean): Promise<string> {
    const { body } = await caller.request<WireTransaction>({
      method: 'POST',
      path: '/v3/transactions',
      body: nextPayment(),
      idempotencyKey,
      ...(hangsUp && { giveUpFirstAfterMs: HANG_UP_AFTER_MS }),
    })
    return body.id
  }

  async function payBatch(caller: V3Client, idempotencyKey: string): Promise<string[]> {
    const { body } = await caller.request<WireTransactionBatch>({
      method: 'POST',
      path: '/v3/transactions/batch',
      body: { transactions: Array.from({ length: BATCH_ITEMS }, nextPayment) },
      idempotencyKey,
    })
    return body.data.map(({ transaction, problem }) => {
      if (!transaction) throw new Error(`a payment was refused: ${problem?.detail}`)
      return transaction.id
    })
  }

  const calls = Promise.all(Array.from({ length: CALLERS }, (_, caller) => call(caller)))
  // Whoever stops the load hears of it; until then a failed caller is no unhandled rejection.
  calls.catch(() => undefined)
  return {
    async stop() {
      isStopped = true
      await calls
      return accepted
    },
  }
}
