import type { FundsBook } from '../ledger/hold-funds.ts'
import type { EconomyConfig } from '../rule/economy-config.ts'
import { RuleViolated, TransactionTypeArchived, TransactionTypeNotFound } from '../rule/errors.ts'
import { evaluateRules } from '../rule/evaluate-rules.ts'
import { priceTransaction } from '../rule/price-transaction.ts'
import type { TransactionType } from '../rule/transaction-type.ts'
import { DomainError } from '../shared/errors.ts'
import { UserArchived, UserNotFound } from '../user/errors.ts'
import type { UserType } from '../user/user.ts'
import type { EconomyState, LockedParty } from './acceptance-store.ts'
import { refKey } from './acceptance-store.ts'
import type { ActivityBook } from './activity-book.ts'
import {
  EconomyNotActive,
  InsufficientFunds,
  InvalidParties,
  UnfitUnstakeType,
  UserNotManaged,
} from './errors.ts'
import { partiesOf, resolveType } from './resolve-parties.ts'
import type { AcceptedTransaction, ExecuteTransaction, Transfer } from './transaction.ts'

/** Everything a decision looks at; funds and activity change with each accepted item of the batch. */
export interface DecisionContext {
  economy: EconomyState
  config: EconomyConfig
  parties: ReadonlyMap<string, LockedParty>
  funds: FundsBook
  activity: ActivityBook
  now: Date
  priceMaxAgeMs: number
}

/** The accepted transaction, or the reason why not. */
export type Acceptance = AcceptedTransaction | DomainError

/**
 * Decides one item: type, parties, price, rules, funds, in that order; the first that does not fit refuses.
 * Pure but for the books: an accepted item reserves its funds and counts into the windows, a refused one changes nothing.
 */
export function decideTransaction(
  context: DecisionContext,
  owner: { tenantId: string; economyId: string },
  item: ExecuteTransaction,
  id: string,
): Acceptance {
  try {
    return accept(context, owner, item, id)
  } catch (error) {
    if (error instanceof DomainError) return error
    throw error
  }
}

function accept(
  context: DecisionContext,
  owner: { tenantId: string; economyId: string },
  item: ExecuteTransaction,
  id: string,
): AcceptedTransaction {
  const { config, economy, now } = context
  if (economy.status !== 'active') throw new EconomyNotActive(economy.status)
  const type = activeType(config, item)
  const { payer, recipient, commissionRecipientId } = parties(context, owner.economyId, type, item)
  const priced = priceTransaction({
    type,
    amount: item.amount,
    commission: item.commission,
    price: type.currency === 'token' ? undefined : config.prices.get(type.currency),
    tokenDecimals: config.decimals,
    now,
    priceMaxAgeMs: context.priceMaxAgeMs,
  })
  const total = priced.amount + priced.commission
  if (item.isUnstake && total !== BigInt(item.amount ?? 0)) throw new UnfitUnstakeType(type.name)
  const evaluated = passRules(context, owner.economyId, type, payer, recipient, item, priced)

  const payerKey = refKey(owner.economyId, payer.id)
  if (!context.funds.hold(payerKey, total))
    throw new InsufficientFunds(context.funds.available(payerKey), total)
  const transfers: Transfer[] = [
    { kind: 'amount', fromAccountId: payer.id, toAccountId: recipient.id, amount: priced.amount },
  ]
  if (priced.commission > 0n && commissionRecipientId) {
    transfers.push({
      kind: 'commission',
      fromAccountId: payer.id,
      toAccountId: commissionRecipientId,
      amount: priced.commission,
    })
  }
  for (const leg of transfers) context.funds.expect(refKey(owner.economyId, leg.toAccountId), leg.amount)
  if (config.rules.length > 0) {
    context.activity.add(payerKey, total)
    context.activity.add(refKey(owner.economyId, type.id), total)
  }

  return {
    id,
    tenantId: owner.tenantId,
    economyId: owner.economyId,
    typeId: type.id,
    fromUserId: payer.id,
    toUserId: recipient.id,
    amount: priced.amount,
    commission: priced.commission,
    currency: type.currency,
    amountFiat: priced.amountFiat,
    price: priced.price,
    metadata: item.metadata,
    airdropId: item.airdropId ?? null,
    configVersion: config.configVersion,
    rules: evaluated,
    createdAt: now,
    transfers,
  }
}

function activeType(config: EconomyConfig, item: ExecuteTransaction): TransactionType {
  const type = resolveType(config, item)
  if (!type) throw new TransactionTypeNotFound()
  if (type.status !== 'active') throw new TransactionTypeArchived()
  return type
}

/** The payer and the recipient, known, active and fitting the type's kind. */
function parties(
  context: DecisionContext,
  economyId: string,
  type: TransactionType,
  item: ExecuteTransaction,
) {
  const { payerId, recipientId, commissionRecipientId } = partiesOf(context.config, type, item)
  const [payerType, recipientType] = item.isUnstake ? ([null, 'redeemer'] as const) : PARTY_TYPES[type.kind]
  const payer = party(context, economyId, payerId, '/from_user_id', payerType, type)
  const recipient = party(context, economyId, recipientId, '/to_user_id', recipientType, type)
  if (payer.id === recipient.id)
    throw new InvalidParties('/to_user_id', 'Payer and recipient are the same user; name two different ones.')
  if (!payer.isManaged) throw new UserNotManaged()
  return { payer, recipient, commissionRecipientId }
}

const PARTY_TYPES = {
  user_to_user: ['user', 'user'],
  company_to_user: ['company', 'user'],
  user_to_company: ['user', 'company'],
} as const

function party(
  context: DecisionContext,
  economyId: string,
  userId: string | null,
  pointer: string,
  expected: UserType | null,
  type: TransactionType,
): LockedParty {
  if (!userId)
    throw new InvalidParties(pointer, `Transaction type "${type.name}" is ${type.kind}; name the user here.`)
  const found = context.parties.get(refKey(economyId, userId))
  if (!found) throw new UserNotFound(pointer)
  if (expected !== null && found.type !== expected) {
    throw new InvalidParties(
      pointer,
      `Transaction type "${type.name}" is ${type.kind}; this must be the id of a ${expected}, not of a ${found.type}.`,
    )
  }
  if (found.status !== 'active') throw new UserArchived(pointer)
  return found
}

/** @throws RuleViolated naming the rule that refuses. */
function passRules(
  context: DecisionContext,
  economyId: string,
  type: TransactionType,
  payer: LockedParty,
  recipient: LockedParty,
  item: ExecuteTransaction,
  priced: { amount: bigint; commission: bigint },
) {
  const { rules } = context.config
  if (rules.length === 0) return []
  const { evaluated, refusedBy } = evaluateRules(rules, {
    tx: {
      amount: priced.amount,
      commission: priced.commission,
      metadata: item.metadata,
      createdAt: context.now,
    },
    type: { id: type.id, name: type.name, kind: type.kind },
    sender: payer,
    recipient,
    window: {
      sender: context.activity.of(refKey(economyId, payer.id)),
      type: context.activity.of(refKey(economyId, type.id)),
    },
  })
  if (refusedBy) throw new RuleViolated(refusedBy)
  return evaluated
}
