import type { V3Client } from '#apps/cli/v3-client.ts'
import type { Party } from './act.ts'
import type { PlannedEconomy } from './world.ts'

/** A planned economy that exists, and the books that we keep of it ourselves. */
export interface StagedEconomy {
  plan: PlannedEconomy
  id: string
  /** With the economy's own key. */
  client: V3Client
  token: string
  company: Holder
  users: Holder[]
  books: Books
}

export interface Holder {
  id: string
  /** Lower-case hex with 0x. */
  address: string
}

/** The economies of a run, by their planned index. */
export type Stage = readonly StagedEconomy[]

/** The id that a party has in requests and answers. */
export function idOf(economy: StagedEconomy, party: Party): string {
  if (party === 'company') return economy.company.id
  if (typeof party === 'object') return party.id
  const user = economy.users[party]
  if (!user) throw new RangeError(`economy ${economy.plan.index} has no user ${party}`)
  return user.id
}

/** What every account must hold in the end, worked out from what was accepted; and which transactions there must be. */
export class Books {
  /** Ids of accepted transactions. */
  readonly accepted = new Set<string>()
  readonly #balances = new Map<string, bigint>()

  balance(userId: string): bigint {
    return this.#balances.get(userId) ?? 0n
  }

  add(userId: string, amount: bigint): void {
    this.#balances.set(userId, this.balance(userId) + amount)
  }

  move(from: string, to: string, amount: bigint): void {
    this.add(from, -amount)
    this.add(to, amount)
  }
}
