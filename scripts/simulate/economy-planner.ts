import type { Expectation, Party, PlannedTransfer } from './act.ts'
import type { Random } from './random.ts'
import {
  AMOUNT_CENTS_MAX,
  centsToUnits,
  DAILY_LIMIT_RULE,
  type PlannedEconomy,
  type TypeName,
  TYPES,
  VERIFIED_ABOVE_CENTS,
  VERIFIED_RULE,
} from './world.ts'

const PER_MILLE = 1_000
/** Of 1,000 transfers: meant to be refused. */
const REFUSALS = 110
/** Of 1,000 transfers: with notes of the caller's own. */
const METADATA = 300
/** Payments of a sequence before the one that goes too far. */
const SEQUENCE_STEPS = 4

const KINDS: Readonly<Record<TypeName, number>> = { tip: 50, purchase: 22, reward: 18, voucher: 10 }
const MISTAKES = {
  overdraft: 25,
  over_limit: 15,
  unverified: 15,
  wrong_amount: 20,
  unknown_user: 10,
  wrong_parties: 10,
  unknown_type: 5,
}
const WRONG_AMOUNTS = ['0', '-5', '1.5', 'ten', '', null]

/** Draws one economy's transfers and keeps what was spent. */
export class EconomyPlanner {
  readonly economy: PlannedEconomy
  readonly #random: Random
  readonly #spent: bigint[]
  readonly #ordinary: number[]
  readonly #verified: number[]
  readonly #unverified: number[]
  readonly #spenders: number[]
  readonly #tippers: number[]

  constructor(economy: PlannedEconomy, random: Random) {
    this.economy = economy
    this.#random = random
    this.#spent = economy.users.map(() => 0n)
    const positions = (matches: (user: PlannedEconomy['users'][number]) => boolean) =>
      economy.users.flatMap((user, position) => (matches(user) ? [position] : []))
    this.#ordinary = positions((user) => user.role === 'ordinary')
    this.#verified = positions((user) => user.role === 'ordinary' && user.isVerified)
    this.#unverified = positions((user) => user.role === 'ordinary' && !user.isVerified)
    this.#spenders = positions((user) => user.role === 'spender')
    this.#tippers = positions((user) => user.role === 'tipper')
  }

  transfer(number: number): PlannedTransfer {
    const isMistake = this.#random.below(PER_MILLE) < REFUSALS
    return isMistake ? this.#mistaken(number) : this.#sound(number)
  }

  /** A loner's payments up to the point where money or the daily limit ends, and one step beyond. Empty: no loner is left. */
  sequence(first: number, transfersMax: number): PlannedTransfer[] {
    const steps = SEQUENCE_STEPS
    if (transfersMax <= steps) return []
    const isSpending = this.#random.below(2) === 0
    const payer = (isSpending ? this.#spenders : this.#tippers).pop()
    if (payer === undefined) return []
    return isSpending ? this.#spendAll(first, payer, steps) : this.#tipToTheLimit(first, payer, steps)
  }

  #spendAll(first: number, payer: number, steps: number): PlannedTransfer[] {
    const part = this.economy.start / BigInt(steps)
    const amounts = Array.from({ length: steps }, (_, step) =>
      step === steps - 1 ? this.economy.start - part * BigInt(steps - 1) : part,
    )
    const spending = amounts.map((amount, step) => this.#purchase(first + step, payer, amount))
    const beyond = this.#purchase(first + steps, payer, 1n)
    return [...spending, { ...beyond, expect: { outcome: 'refused', code: 'insufficient_funds' } }]
  }

  #tipToTheLimit(first: number, payer: number, steps: number): PlannedTransfer[] {
    // Total of each: a quarter of the limit and a little less, so that the fifth would go beyond it.
    const amount = this.economy.dailyLimit / BigInt(steps) - this.economy.dailyLimit / 50n
    const tips = Array.from({ length: steps + 1 }, (_, step) =>
      this.#tip(first + step, payer, this.#other(payer), amount),
    )
    return tips.map((tip, step) =>
      step < steps
        ? tip
        : { ...tip, expect: { outcome: 'refused', code: 'rule_violated', rule: DAILY_LIMIT_RULE } },
    )
  }

  #sound(number: number): PlannedTransfer {
    const kind = this.#random.weighted(KINDS)
    if (kind === 'reward') return this.#reward(number)
    const payer = this.#random.pick(this.#ordinary)
    const made = this.#paidBy(kind, number, payer)
    const total = made.expect.outcome === 'accepted' ? made.expect.amount + made.expect.commission : 0n
    const spent = (this.#spent[payer] ?? 0n) + total
    // Whoever has nothing left to spend is rewarded instead.
    if (spent > this.economy.dailyLimit) return this.#reward(number)
    this.#spent[payer] = spent
    return made
  }

  #paidBy(kind: Exclude<TypeName, 'reward'>, number: number, payer: number): PlannedTransfer {
    if (kind === 'voucher') return this.#voucher(number, payer, this.#random.between(5, 120))
    if (kind === 'tip') return this.#tip(number, payer, this.#other(payer), this.#units(10, 300))
    const isVerified = this.economy.users[payer]?.isVerified === true
    return this.#purchase(
      number,
      payer,
      this.#units(20, isVerified ? AMOUNT_CENTS_MAX : VERIFIED_ABOVE_CENTS),
    )
  }

  #reward(number: number): PlannedTransfer {
    const to = this.#random.pick(this.#ordinary)
    const amount = this.#units(50, AMOUNT_CENTS_MAX)
    // Half of the callers name the company, half leave it to the type.
    const from = this.#random.below(2) === 0 ? 'company' : null
    return this.#accepted(number, 'reward', { from, to }, amount.toString(), {
      from: 'company',
      to,
      amount,
      commission: 0n,
    })
  }

  #purchase(number: number, payer: number, amount: bigint): PlannedTransfer {
    const parties = { from: payer, to: null }
    return this.#accepted(number, 'purchase', parties, amount.toString(), {
      from: payer,
      to: 'company',
      amount,
      commission: 0n,
    })
  }

  #voucher(number: number, payer: number, usCents: number): PlannedTransfer {
    // Rounded down: the payer never pays more than the dollars are worth.
    const amount = (BigInt(usCents) * 10n ** BigInt(this.economy.decimals)) / BigInt(this.economy.priceCents)
    const dollars = `${Math.floor(usCents / 100)}.${String(usCents % 100).padStart(2, '0')}`
    const parties = { from: payer, to: null }
    return this.#accepted(number, 'voucher', parties, dollars, {
      from: payer,
      to: 'company',
      amount,
      commission: 0n,
    })
  }

  #tip(number: number, from: number, to: number, amount: bigint): PlannedTransfer {
    const commission = (amount * BigInt(TYPES.tip.commissionBps)) / 10_000n
    return this.#accepted(number, 'tip', { from, to }, amount.toString(), { from, to, amount, commission })
  }

  #accepted(
    number: number,
    type: TypeName,
    parties: { from: Party | null; to: Party | null },
    amount: string,
    moves: Omit<Extract<Expectation, { outcome: 'accepted' }>, 'outcome'>,
  ): PlannedTransfer {
    const hasOrder = this.#random.below(PER_MILLE) < METADATA
    const order = hasOrder ? `A-${String(number).padStart(7, '0')}` : null
    return { number, type, ...parties, amount, order, expect: { outcome: 'accepted', ...moves } }
  }

  #mistaken(number: number): PlannedTransfer {
    const mistake = this.#random.weighted(MISTAKES)
    const payer = this.#random.pick(this.#verified)
    const tip = this.#tip(number, payer, this.#other(payer), this.#units(10, 300))
    const refused = (changes: Partial<PlannedTransfer>, code: string, rule?: string): PlannedTransfer => ({
      ...tip,
      ...changes,
      expect: { outcome: 'refused', code, ...(rule !== undefined && { rule }) },
    })
    switch (mistake) {
      case 'overdraft': {
        // More than there is of the token, so more than anyone can ever have.
        const amount = this.economy.initialGrant + this.#units(1, 100_000)
        return refused({ type: 'purchase', to: null, amount: amount.toString() }, 'insufficient_funds')
      }
      case 'over_limit': {
        const amount = this.economy.dailyLimit + this.#units(1, 10_000)
        return refused({ amount: amount.toString() }, 'rule_violated', DAILY_LIMIT_RULE)
      }
      case 'unverified': {
        const from = this.#random.pick(this.#unverified)
        const amount = this.economy.verifiedAbove + this.#units(1, 1_000)
        return refused(
          { type: 'purchase', from, to: null, amount: amount.toString() },
          'rule_violated',
          VERIFIED_RULE,
        )
      }
      case 'wrong_amount':
        return refused({ amount: this.#random.pick(WRONG_AMOUNTS) }, 'invalid_amount')
      case 'unknown_user':
        return refused({ to: { id: unknownUserId(this.#random) } }, 'user_not_found')
      case 'wrong_parties':
        return refused({ to: this.#random.below(2) === 0 ? payer : 'company' }, 'invalid_parties')
      case 'unknown_type':
        return refused({ type: 'nonesuch' }, 'transaction_type_not_found')
    }
  }

  /** An ordinary user who is not `user`. */
  #other(user: number): number {
    const found = this.#random.pick(this.#ordinary)
    if (found !== user) return found
    const next = (this.#ordinary.indexOf(found) + 1) % this.#ordinary.length
    return this.#ordinary[next] ?? found
  }

  /** Between two numbers of hundredths of a token. */
  #units(centsMin: number, centsMax: number): bigint {
    return centsToUnits(this.#random.between(centsMin, centsMax), this.economy.decimals)
  }
}

const ID_ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'.split('')
const ID_TAIL_LENGTH = 24

/** Well-formed, and of nobody. */
function unknownUserId(random: Random): string {
  return `usr_01${Array.from({ length: ID_TAIL_LENGTH }, () => random.pick(ID_ALPHABET)).join('')}`
}
