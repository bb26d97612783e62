import { differingFields, type Fingerprint } from '#core/idempotency/fingerprint.ts'
import type { AcceptResult } from '#core/transaction/accept-transactions.ts'
import type { ExecuteTransaction } from '#core/transaction/transaction.ts'
import type { SimulatedEconomy } from './economy.ts'

/** One payment that a caller asked for. Amounts are never asked for twice, so a payment on the chain names its item. */
export interface Item {
  payer: string
  recipient: string
  amount: bigint
  execute: ExecuteTransaction
}

/** A request as a caller sends it, again and again until it is answered. */
export interface Request {
  economy: SimulatedEconomy
  key: string
  fingerprint: Fingerprint
  items: readonly Item[]
}

/** The platform broke a promise; the number is the verdict's. */
export class BrokenPromise extends Error {
  constructor(verdict: 'V1' | 'V2' | 'V3' | 'V4' | 'V5', detail: string) {
    super(`${verdict}: ${detail}`)
  }
}

export function expect(
  holds: boolean,
  ...broken: ConstructorParameters<typeof BrokenPromise>
): asserts holds {
  if (!holds) throw new BrokenPromise(...broken)
}

/** Per item: the id of the accepted transaction, or the code of the refusal. */
type Answer = readonly string[]

/**
 * What the outside world was promised, and by which answers. Knows nothing of tables, lanes or nonces.
 *
 * One request by its key: its first answer is its answer for ever; a key never stands for two requests. What was accepted is
 * paid exactly once or fails with its money back; what was refused is never paid.
 */
export class Promises {
  readonly requests: Request[] = []
  readonly #byAmount = new Map<bigint, { request: Request; item: Item }>()
  readonly #answers = new Map<Request, Answer>()
  /** The request that a key stands for, once one of that key was answered with its result. */
  readonly #ownerOf = new Map<string, Request>()

  sent(request: Request): void {
    this.requests.push(request)
    for (const item of request.items) this.#byAmount.set(item.amount, { request, item })
  }

  /** The answer to `request`; throws when it is not what was promised before. */
  answered(request: Request, result: AcceptResult): void {
    if ('error' in result) {
      expect(
        result.error.code === 'idempotency_key_reused',
        'V1',
        `a request was refused: ${result.error.message}`,
      )
      const others = this.requests.filter((other) => other !== request && sameKey(other, request))
      const differs = others.some(
        (other) => differingFields(other.fingerprint, request.fingerprint).length > 0,
      )
      expect(differs, 'V1', `the key ${request.key} was said to be another request's`)
      expect(
        this.#ownerOf.get(keyOf(request)) !== request,
        'V1',
        `the key ${request.key} was taken from its request`,
      )
      this.#answers.set(request, [])
      return
    }
    const answer = result.items.map((item) => ('accepted' in item ? item.accepted.id : item.refused.code))
    const owner = this.#ownerOf.get(keyOf(request))
    expect(owner === undefined || owner === request, 'V1', `the key ${request.key} stands for two requests`)
    this.#ownerOf.set(keyOf(request), request)
    const known = this.#answers.get(request)
    expect(
      known === undefined || known.join() === answer.join(),
      'V1',
      `${request.key} was answered in two ways`,
    )
    this.#answers.set(request, answer)
    for (const [index, item] of result.items.entries()) {
      if (!('accepted' in item)) continue
      const asked = request.items[index]
      const { amount, fromUserId, toUserId } = item.accepted
      const isSame = asked?.amount === amount && asked.payer === fromUserId && asked.recipient === toUserId
      expect(isSame, 'V1', `${request.key} was answered with something else than it asked for`)
    }
  }

  unanswered(): Request[] {
    return this.requests.filter((request) => !this.#answers.has(request))
  }

  /** Who asked for a payment of this amount. */
  askedFor(amount: bigint) {
    return this.#byAmount.get(amount)
  }

  /** Transactions that somebody was told are accepted, each with what it is to move. */
  acknowledged(): { id: string; economy: SimulatedEconomy; item: Item }[] {
    return [...this.#answers].flatMap(([request, answer]) =>
      answer.flatMap((id, index) => {
        const item = request.items[index]
        return item && id.includes('-') ? [{ id, economy: request.economy, item }] : []
      }),
    )
  }

  /** Amounts that somebody was told are refused. */
  refused(): bigint[] {
    return [...this.#answers].flatMap(([{ items }, answer]) =>
      items.flatMap(({ amount }, index) => (answer[index]?.includes('-') ? [] : [amount])),
    )
  }
}

function keyOf({ economy, key }: Request): string {
  return `${economy.id}/${key}`
}

function sameKey(a: Request, b: Request): boolean {
  return keyOf(a) === keyOf(b)
}
