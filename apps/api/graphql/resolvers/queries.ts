import { AirdropNotFound } from '#core/airdrop/errors.ts'
import { getAirdrop } from '#core/airdrop/get-airdrop.ts'
import { listAirdrops } from '#core/airdrop/list-airdrops.ts'
import { EconomyNotFound } from '#core/economy/errors.ts'
import { getEconomy } from '#core/economy/get-economy.ts'
import { listEconomies } from '#core/economy/list-economies.ts'
import { readToken } from '#core/economy/read-token.ts'
import { listReconciliations } from '#core/ledger/list-reconciliations.ts'
import { PricePointNotFound, TokenRuleNotFound, TransactionTypeNotFound } from '#core/rule/errors.ts'
import { getPricePoint } from '#core/rule/get-price-point.ts'
import { getTokenRule } from '#core/rule/get-token-rule.ts'
import { getTransactionType } from '#core/rule/get-transaction-type.ts'
import { listPricePoints } from '#core/rule/list-price-points.ts'
import { listTokenRuleVersions } from '#core/rule/list-token-rule-versions.ts'
import { listTokenRules } from '#core/rule/list-token-rules.ts'
import { listTransactionTypes } from '#core/rule/list-transaction-types.ts'
import type { Metadata } from '#core/shared/metadata.ts'
import { ApiKeyNotFound, MemberNotFound } from '#core/tenant/errors.ts'
import { getApiKey } from '#core/tenant/get-api-key.ts'
import { getMember } from '#core/tenant/get-member.ts'
import { getTenant } from '#core/tenant/get-tenant.ts'
import { listApiKeys } from '#core/tenant/list-api-keys.ts'
import { listAuditLog } from '#core/tenant/list-audit-log.ts'
import { listMembers } from '#core/tenant/list-members.ts'
import { TransactionNotFound } from '#core/transaction/errors.ts'
import { getTransaction } from '#core/transaction/get-transaction.ts'
import { listTransactions } from '#core/transaction/list-transactions.ts'
import type { TransactionStatus } from '#core/transaction/transaction.ts'
import { UserNotFound } from '#core/user/errors.ts'
import { getUser } from '#core/user/get-user.ts'
import { listUsers } from '#core/user/list-users.ts'
import { presentAirdrop } from '../../presenters/airdrops.ts'
import { presentApiKey } from '../../presenters/api-keys.ts'
import { presentAuditEntry } from '../../presenters/audit-log.ts'
import { presentEconomy } from '../../presenters/economies.ts'
import { presentMember } from '../../presenters/members.ts'
import { presentPricePoint } from '../../presenters/price-points.ts'
import { presentReconciliation } from '../../presenters/reconciliations.ts'
import { presentTenant } from '../../presenters/tenants.ts'
import { presentToken } from '../../presenters/token.ts'
import { presentTokenRule, presentTokenRuleVersion } from '../../presenters/token-rules.ts'
import { presentTransactionType } from '../../presenters/transaction-types.ts'
import { presentTransaction } from '../../presenters/transactions.ts'
import { presentUser } from '../../presenters/users.ts'
import { idFromBody, idFromPath } from '../../presenters/wire-id.ts'
import {
  callerOf,
  type ConnectionArgs,
  type GraphqlContext as Context,
  ownerOf,
  pageOf,
  toConnection,
} from '../context.ts'

interface ById {
  id: string
}

interface TransactionsArgs extends ConnectionArgs {
  status?: TransactionStatus
  userId?: string
  fromUserId?: string
  toUserId?: string
  typeId?: string
  metadata?: Metadata
}

/** Every read of /v3, over the same use cases and with the same output. */
export const queries = {
  tenant: async (_root: unknown, _args: unknown, context: Context) =>
    presentTenant(await getTenant(context.deps, callerOf(context, 'tenant:read').tenantId)),

  member: async (_root: unknown, { id }: ById, context: Context) => {
    const { tenantId } = callerOf(context, 'members:read')
    return presentMember(
      await getMember(context.deps, {
        tenantId,
        memberId: idFromPath('mem', id, () => new MemberNotFound()),
      }),
    )
  },
  members: async (_root: unknown, args: ConnectionArgs, context: Context) => {
    const { tenantId } = callerOf(context, 'members:read')
    return toConnection(await listMembers(context.deps, { tenantId, page: pageOf(args) }), presentMember)
  },

  apiKey: async (_root: unknown, { id }: ById, context: Context) => {
    const { tenantId } = callerOf(context, 'keys:read')
    const query = { tenantId, apiKeyId: idFromPath('key', id, () => new ApiKeyNotFound()) }
    return presentApiKey(await getApiKey(context.deps, query), context.deps.clock.now())
  },
  apiKeys: async (_root: unknown, args: ConnectionArgs, context: Context) => {
    const { tenantId } = callerOf(context, 'keys:read')
    const now = context.deps.clock.now()
    const page = await listApiKeys(context.deps, { tenantId, page: pageOf(args), filter: {} })
    return toConnection(page, (key) => presentApiKey(key, now))
  },

  auditLog: async (_root: unknown, args: ConnectionArgs, context: Context) => {
    const { tenantId } = callerOf(context, 'audit:read')
    return toConnection(
      await listAuditLog(context.deps, { tenantId, page: pageOf(args), filter: {} }),
      presentAuditEntry,
    )
  },

  economy: async (_root: unknown, { id }: ById, context: Context) => {
    const { tenantId } = callerOf(context, 'economies:read')
    const query = { tenantId, economyId: idFromPath('eco', id, () => new EconomyNotFound()) }
    return presentEconomy(await getEconomy(context.deps, query))
  },
  economies: async (_root: unknown, args: ConnectionArgs, context: Context) => {
    const { tenantId } = callerOf(context, 'economies:read')
    return toConnection(
      await listEconomies(context.deps, { tenantId, page: pageOf(args), filter: {} }),
      presentEconomy,
    )
  },

  token: async (_root: unknown, _args: unknown, context: Context) =>
    presentToken(await readToken(context.deps, ownerOf(context, 'token:read'))),
  reconciliations: async (_root: unknown, args: ConnectionArgs, context: Context) => {
    const query = { ...ownerOf(context, 'token:read'), page: pageOf(args) }
    return toConnection(await listReconciliations(context.deps, query), presentReconciliation)
  },

  user: async (_root: unknown, { id }: ById, context: Context) => {
    const query = {
      ...ownerOf(context, 'users:read'),
      userId: idFromPath('usr', id, () => new UserNotFound()),
    }
    return presentUser(await getUser(context.deps, query))
  },
  users: async (
    _root: unknown,
    args: ConnectionArgs & { externalId?: string; namePrefix?: string },
    context: Context,
  ) => {
    const { externalId, namePrefix } = args
    const filter = { ...(externalId && { externalId }), ...(namePrefix && { namePrefix }) }
    return toConnection(
      await listUsers(context.deps, { ...ownerOf(context, 'users:read'), page: pageOf(args), filter }),
      presentUser,
    )
  },

  transactionType: async (_root: unknown, { id }: ById, context: Context) => {
    const query = {
      ...ownerOf(context, 'types:read'),
      typeId: idFromPath('typ', id, () => new TransactionTypeNotFound()),
    }
    return presentTransactionType(await getTransactionType(context.deps, query))
  },
  transactionTypes: async (_root: unknown, args: ConnectionArgs & { name?: string }, context: Context) => {
    const query = {
      ...ownerOf(context, 'types:read'),
      page: pageOf(args),
      filter: args.name ? { name: args.name } : {},
    }
    return toConnection(await listTransactionTypes(context.deps, query), presentTransactionType)
  },

  tokenRule: async (_root: unknown, { id }: ById, context: Context) => {
    const query = {
      ...ownerOf(context, 'rules:read'),
      ruleId: idFromPath('rul', id, () => new TokenRuleNotFound()),
    }
    return presentTokenRule(await getTokenRule(context.deps, query))
  },
  tokenRules: async (_root: unknown, args: ConnectionArgs, context: Context) => {
    const query = { ...ownerOf(context, 'rules:read'), page: pageOf(args), filter: {} }
    return toConnection(await listTokenRules(context.deps, query), presentTokenRule)
  },
  tokenRuleVersions: async (_root: unknown, args: ConnectionArgs & { ruleId: string }, context: Context) => {
    const owner = ownerOf(context, 'rules:read')
    const ruleId = idFromPath('rul', args.ruleId, () => new TokenRuleNotFound())
    const page = pageOf(args, 'version')
    const versions = await listTokenRuleVersions(context.deps, { ...owner, ruleId, page })
    return toConnection(versions, (version) => presentTokenRuleVersion(ruleId, version))
  },

  pricePoint: async (_root: unknown, { id }: ById, context: Context) => {
    const query = {
      ...ownerOf(context, 'prices:read'),
      pricePointId: idFromPath('prc', id, () => new PricePointNotFound()),
    }
    return presentPricePoint(await getPricePoint(context.deps, query))
  },

  pricePoints: async (_root: unknown, args: ConnectionArgs, context: Context) => {
    const query = { ...ownerOf(context, 'prices:read'), page: pageOf(args), filter: {} }
    return toConnection(await listPricePoints(context.deps, query), presentPricePoint)
  },

  transaction: async (_root: unknown, { id }: ById, context: Context) => {
    const ref = {
      ...ownerOf(context, 'transactions:read'),
      id: idFromPath('txn', id, () => new TransactionNotFound()),
    }
    return presentTransaction(await getTransaction(context.deps, ref))
  },
  transactions: async (_root: unknown, args: TransactionsArgs, context: Context) => {
    const filter = {
      ...(args.status && { status: args.status }),
      ...(args.userId && { userId: idFromBody('usr', args.userId, '?userId') }),
      ...(args.fromUserId && { fromUserId: idFromBody('usr', args.fromUserId, '?fromUserId') }),
      ...(args.toUserId && { toUserId: idFromBody('usr', args.toUserId, '?toUserId') }),
      ...(args.typeId && { typeId: idFromBody('typ', args.typeId, '?typeId') }),
      ...(args.metadata && { metadata: args.metadata }),
    }
    const page = await listTransactions(
      context.deps,
      ownerOf(context, 'transactions:read'),
      filter,
      pageOf(args),
    )
    return toConnection(page, presentTransaction)
  },

  airdrop: async (_root: unknown, { id }: ById, context: Context) => {
    const query = {
      ...ownerOf(context, 'airdrops:read'),
      airdropId: idFromPath('air', id, () => new AirdropNotFound()),
    }
    return presentAirdrop(await getAirdrop(context.deps, query))
  },
  airdrops: async (_root: unknown, args: ConnectionArgs, context: Context) => {
    const query = { ...ownerOf(context, 'airdrops:read'), page: pageOf(args) }
    return toConnection(await listAirdrops(context.deps, query), presentAirdrop)
  },
}
