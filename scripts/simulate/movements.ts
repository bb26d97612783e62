import { hash } from 'node:crypto'

/** A token movement as both sides tell it: the platform by its transactions, the chain by its logs. */
export interface Movement {
  txHash: string
  from: string
  to: string
  amount: bigint
}

interface Digest {
  count: number
  sum: bigint
}

const MASK = 2n ** 64n - 1n

/**
 * Movements per chain transaction, as a count and a sum of hashes: the same movements in any order make the same digest, and
 * memory grows with the number of chain transactions only.
 */
export class Movements {
  readonly #byTx = new Map<string, Digest>()
  #count = 0

  add({ txHash, from, to, amount }: Movement): void {
    const digest = this.#byTx.get(txHash) ?? { count: 0, sum: 0n }
    const bits = BigInt(`0x${hash('sha256', `${from}|${to}|${amount}`).slice(0, 16)}`)
    this.#byTx.set(txHash, { count: digest.count + 1, sum: (digest.sum + bits) & MASK })
    this.#count += 1
  }

  get count(): number {
    return this.#count
  }

  get txHashes(): string[] {
    return [...this.#byTx.keys()]
  }

  /** Chain transactions in which the two sides do not tell the same, in words. */
  differencesFrom(chain: Movements): string[] {
    const differing: string[] = []
    for (const txHash of new Set([...this.#byTx.keys(), ...chain.#byTx.keys()])) {
      const ours = this.#byTx.get(txHash)
      const theirs = chain.#byTx.get(txHash)
      if (ours?.count === theirs?.count && ours?.sum === theirs?.sum) continue
      differing.push(
        `${txHash}: ${ours?.count ?? 0} transfers by the API, ${theirs?.count ?? 0} by the chain`,
      )
    }
    return differing
  }
}
