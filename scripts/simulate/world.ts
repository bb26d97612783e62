import { Random } from './random.ts'

/** How large a simulation is. */
export interface WorldSize {
  seed: string
  economies: number
  users: number
  transfers: number
}

/**
 * ordinary: pays and is paid by many at once, never more than half of what it started with, so that whether it is accepted
 * does not depend on when. spender and tipper: nobody pays them, and their payments follow each other, so that the one that
 * goes too far is known beforehand.
 */
export type UserRole = 'ordinary' | 'spender' | 'tipper'

export interface PlannedUser {
  externalId: string
  name: string
  isVerified: boolean
  role: UserRole
}

/** An economy as the seed makes it. Amounts in base units. */
export interface PlannedEconomy {
  index: number
  name: string
  symbol: string
  decimals: number
  /** US cents per whole token. */
  priceCents: number
  users: PlannedUser[]
  /** What the airdrop gives every user. */
  start: bigint
  /** Total that a user may send within a day when tipping; ordinary users stay below it on purpose. */
  dailyLimit: bigint
  /** Purchases above it are for verified users only. */
  verifiedAbove: bigint
  initialGrant: bigint
}

export interface World {
  size: WorldSize
  economies: PlannedEconomy[]
}

/** How people pay in every economy of the simulation. */
export const TYPES = {
  tip: { kind: 'user_to_user', currency: 'token', commissionBps: 100 },
  reward: { kind: 'company_to_user', currency: 'token', commissionBps: 0 },
  purchase: { kind: 'user_to_company', currency: 'token', commissionBps: 0 },
  voucher: { kind: 'user_to_company', currency: 'USD', commissionBps: 0 },
} as const
export type TypeName = keyof typeof TYPES

/** Names of the two token rules, as refusals carry them. */
export const DAILY_LIMIT_RULE = 'daily tip limit'
export const VERIFIED_RULE = 'large purchases need a verified user'

/** One verified and one unverified pair of ordinary users, a spender and a tipper. */
export const USERS_PER_ECONOMY_MIN = 6
export const VERIFIED_ABOVE_CENTS = 500

/** One user in so many is a spender, and one a tipper. */
const LONERS_EVERY = 25
const DECIMALS = [18, 6, 2, 18]
/** Tokens that an ordinary user can spend at least, and per transfer that falls to a user. */
const SPENDING_TOKENS_MIN = 100
const SPENDING_TOKENS_PER_TRANSFER = 10

/** The same seed and size make the same world. */
export function planWorld(size: WorldSize): World {
  const random = new Random(size.seed).fork('world')
  const economies = Array.from({ length: size.economies }, (_, index) => planEconomy(size, index, random))
  for (let user = 0; user < size.users; user += 1) {
    const economy = economies[user % size.economies]
    economy?.users.push(planUser(economy, random))
  }
  for (const economy of economies) economy.initialGrant = grantFor(economy, size)
  return { size, economies }
}

function planEconomy(size: WorldSize, index: number, random: Random): PlannedEconomy {
  const decimals = DECIMALS[index % DECIMALS.length] ?? 18
  const spendingTokens = Math.max(
    SPENDING_TOKENS_MIN,
    Math.ceil((size.transfers / size.users) * SPENDING_TOKENS_PER_TRANSFER),
  )
  const number = String(index + 1).padStart(2, '0')
  const spending = centsToUnits(spendingTokens * 100, decimals)
  return {
    index,
    name: `${random.pick(ADJECTIVES)} ${random.pick(TRADES)} ${number}`,
    symbol: `SIM${number}`,
    decimals,
    priceCents: random.between(3, 60),
    users: [],
    start: spending * 2n,
    dailyLimit: spending,
    verifiedAbove: centsToUnits(VERIFIED_ABOVE_CENTS, decimals),
    initialGrant: 0n,
  }
}

function planUser(economy: PlannedEconomy, random: Random): PlannedUser {
  const position = economy.users.length
  const role = roleOf(position)
  const name = `${random.pick(FIRST_NAMES)} ${random.pick(LAST_NAMES)}`
  const externalId = `${economy.symbol.toLowerCase()}-${String(position + 1).padStart(6, '0')}`
  // The first ordinary ones alternate, so that even the smallest economy has both.
  const isVerified =
    role !== 'ordinary' || (position < USERS_PER_ECONOMY_MIN ? position % 2 === 0 : random.below(2) === 0)
  return { externalId, name, isVerified, role }
}

/** The second and fourth of every group are loners. */
function roleOf(position: number): UserRole {
  const place = position % LONERS_EVERY
  if (place === 1) return 'spender'
  return place === 3 ? 'tipper' : 'ordinary'
}

/** Twice what the airdrop takes, and enough for every reward that the economy could ever be asked for. */
function grantFor(economy: PlannedEconomy, size: WorldSize): bigint {
  const rewards = centsToUnits((size.transfers + 1_000) * AMOUNT_CENTS_MAX, economy.decimals)
  return BigInt(economy.users.length) * economy.start * 2n + rewards
}

/** Largest ordinary amount, in hundredths of a token. */
export const AMOUNT_CENTS_MAX = 800

/** Hundredths of a token in base units. */
export function centsToUnits(cents: number, decimals: number): bigint {
  return BigInt(cents) * 10n ** BigInt(decimals - 2)
}

const ADJECTIVES = [
  'Quiet',
  'Golden',
  'Northern',
  'Little',
  'Brave',
  'Silver',
  'Sunny',
  'Old Town',
  'Harbour',
  'Garden',
]
const TRADES = [
  'Coffee',
  'Books',
  'Cinema',
  'Bakery',
  'Music',
  'Cycles',
  'Games',
  'Market',
  'Theatre',
  'Florist',
]
const FIRST_NAMES = [
  'Ada',
  'Amir',
  'Bea',
  'Chen',
  'Dina',
  'Emre',
  'Fay',
  'Goran',
  'Hana',
  'Iris',
  'Jonas',
  'Kofi',
  'Lena',
]
const LAST_NAMES = [
  'Adler',
  'Baker',
  'Costa',
  'Diaz',
  'Ek',
  'Fuchs',
  'Garcia',
  'Haas',
  'Ito',
  'Jansen',
  'Khan',
  'Lund',
]
