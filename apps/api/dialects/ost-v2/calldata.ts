import type { FastifyRequest } from 'fastify'
import { BUNDLE_MEMBERS_MAX, type BundleRule } from '#core/bundle/bundle.ts'
import type { ExecuteBundle } from '#core/bundle/execute-bundle.ts'
import { currentPrice, isNear, toUnitsOfFiatDown } from '#core/bundle/price-transfers.ts'
import type { Token } from '#core/economy/read-token.ts'
import { isFiatCurrency } from '#core/rule/currency.ts'
import { AMOUNT_MAX } from '#core/shared/money.ts'
import type { AppDeps } from '../../deps.ts'
import { ownerOf } from '../../plugins/owner.ts'
import { isAddress, optionalText, wrong } from './parameters.ts'

/** Characters of JSON: ten transfers are less than 2 KB. */
const CALLDATA_LENGTH_MAX = 10_000
/** Digits of an amount, as in the original. */
const AMOUNT = /^(?:0|[1-9]\d{0,36})$/

type Call = Pick<ExecuteBundle, 'rule' | 'call' | 'transfers'>

/** What `raw_calldata` asks for, with its recipients found and its amounts in base units. @throws InvalidRequest, PriceMissing, PriceStale, PriceDeviates */
export async function readCall(deps: AppDeps, request: FastifyRequest, token: Token): Promise<Call> {
  const { method, parameters } = parse(optionalText(request, 'raw_calldata'))
  switch (method) {
    case 'directTransfers':
    case 'directTransfer': {
      const [to, amounts] = parameters
      const units = readAmounts(amounts)
      const userIds = await findRecipients(deps, request, token, to, units.length)
      return toCall('direct_transfer', { method, parameters }, userIds, units)
    }
    case 'pay': {
      const [from, to, amounts, currency, price] = parameters
      if (!isAddress(from) || from.toLowerCase() !== token.company.address)
        throw refuse('the first address must be the token holder of the company')
      if (typeof currency !== 'string' || !isFiatCurrency(currency))
        throw refuse('the pay currency code must be USD, EUR or GBP')
      const fiat = readAmounts(amounts)
      const units = await convert(deps, request, currency, fiat, price)
      const userIds = await findRecipients(deps, request, token, to, fiat.length)
      return toCall('pricer', { method, parameters }, userIds, units)
    }
    default:
      throw refuse('method must be directTransfers or pay')
  }
}

function toCall(
  rule: BundleRule,
  call: { method: string; parameters: readonly unknown[] },
  userIds: readonly string[],
  units: readonly bigint[],
): Call {
  const transfers = userIds.map((toUserId, index) => ({ toUserId, amount: units[index] ?? 0n }))
  if (transfers.some(({ amount }) => amount === 0n || amount > AMOUNT_MAX))
    throw refuse(`each amount must be worth between 1 and ${AMOUNT_MAX} base units`)
  return { rule, call, transfers }
}

/** Fiat amounts at the price of the moment, which the quoted one must be near to. */
async function convert(
  deps: AppDeps,
  request: FastifyRequest,
  currency: 'USD' | 'EUR' | 'GBP',
  fiat: readonly bigint[],
  quoted: unknown,
): Promise<bigint[]> {
  const { tenantId, economyId } = ownerOf(request)
  const config = await deps.loadEconomyConfig(tenantId, economyId)
  const price = currentPrice({
    config,
    currency,
    now: deps.clock.now(),
    priceMaxAgeMs: deps.config.pricing.maxAgeSeconds * 1_000,
  })
  if (typeof quoted !== 'string' || !AMOUNT.test(quoted) || !isNear(BigInt(quoted), price.price))
    throw refuse('the quoted price is too far from the current one: read the price points again')
  return fiat.map((amount) => toUnitsOfFiatDown(amount, price, config.decimals))
}

function readAmounts(value: unknown): bigint[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > BUNDLE_MEMBERS_MAX)
    throw refuse(`there must be 1 to ${BUNDLE_MEMBERS_MAX} amounts`)
  const isAmount = (item: unknown): item is string =>
    typeof item === 'string' && AMOUNT.test(item) && item !== '0'
  if (!value.every(isAmount)) throw refuse('amounts must be whole numbers above 0, as text')
  return value.map(BigInt)
}

/** The users at these addresses, one per amount: users of this token, and not the company. */
async function findRecipients(
  deps: AppDeps,
  request: FastifyRequest,
  token: Token,
  value: unknown,
  count: number,
): Promise<string[]> {
  if (!Array.isArray(value) || value.length !== count || !value.every(isAddress))
    throw refuse('there must be as many addresses as amounts')
  const addresses = value.map((address) => address.toLowerCase())
  const holders = await deps.executionReader.holders(ownerOf(request), addresses)
  return addresses.map((address) => {
    const userId = holders.get(address)
    if (userId === undefined || userId === token.company.userId)
      throw refuse(`${address} is the token holder of no user of this token`)
    return userId
  })
}

function parse(text: string | undefined): { method: unknown; parameters: readonly unknown[] } {
  if (text === undefined) throw refuse('is required')
  const parsed = text.length <= CALLDATA_LENGTH_MAX ? parseJson(text) : null
  if (typeof parsed !== 'object' || parsed === null) throw refuse('must be a JSON object')
  const { method, parameters } = parsed as Record<string, unknown>
  if (!Array.isArray(parameters)) throw refuse('must hold a list of parameters')
  return { method, parameters }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function refuse(detail: string) {
  return wrong('raw_calldata', detail)
}
