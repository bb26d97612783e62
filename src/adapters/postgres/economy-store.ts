import assert from 'node:assert'
import { COIN_TRANSFER_GAS } from '#core/chain/send-coins.ts'
import { COIN_TRANSFER, FAUCET_GRANT } from '#core/chain/submission.ts'
import type { Economy, EconomyStatus, EconomyStep } from '#core/economy/economy.ts'
import type { EconomyStore } from '#core/economy/economy-store.ts'
import { EconomySymbolTaken } from '#core/economy/errors.ts'
import type { Metadata } from '#core/shared/metadata.ts'
import type { Environment } from '#core/tenant/tenant.ts'
import type { PrismaTx } from './database.ts'
import type { Prisma } from './generated/client.ts'
import { toJson } from './json.ts'
import { pageOf, pageQuery } from './page.ts'

const WITH_STEPS = { include: { steps: { orderBy: { position: 'asc' } } } } as const
type EconomyRow = Prisma.EconomyGetPayload<typeof WITH_STEPS>

export function createEconomyStore(tx: PrismaTx, tenantId: string): EconomyStore {
  const find = async (id: string) => {
    const row = await tx.economy.findFirst({ where: { tenantId, id }, ...WITH_STEPS })
    return row && toEconomy(row)
  }
  return {
    find,

    async findBerth() {
      const [berth] = await tx.$queryRaw<{ chain_id: bigint; lane_id: string }[]>`
        SELECT c.id AS chain_id, l.id AS lane_id
        FROM lane l JOIN chain c ON c.id = l.chain_id LEFT JOIN economies_per_lane() load ON load.lane_id = l.id
        WHERE c.role = 'utility' AND c.status = 'active' AND l.status = 'active' AND l.purpose = 'relayer' AND c.contracts <> '{}'
        ORDER BY coalesce(load.economies, 0), l.id LIMIT 1`
      return berth ? { chainId: Number(berth.chain_id), laneId: berth.lane_id } : null
    },

    async insert(economy, company) {
      const { steps, chainId, initialGrant, metadata, companyUserId, ...rest } = economy
      const of = { tenantId, economyId: economy.id }
      const { count } = await tx.economy.createMany({
        data: [
          {
            ...rest,
            tenantId,
            companyUserId,
            chainId: BigInt(chainId),
            initialGrant: initialGrant.toString(),
            metadata: toJson(metadata),
          },
        ],
        skipDuplicates: true,
      })
      if (count === 0) throw new EconomySymbolTaken(economy.symbol)
      await tx.economyStep.createMany({
        data: steps.map((step, index) => ({ ...of, ...step, position: index + 1 })),
      })
      await tx.economyUser.create({
        data: { ...of, id: companyUserId, type: 'company', name: economy.name, isVerified: true },
      })
      await tx.wallet.create({
        data: { ...of, userId: companyUserId, address: company.address, salt: Uint8Array.from(company.salt) },
      })
      await tx.account.create({
        data: { ...of, id: companyUserId, kind: 'wallet', address: company.address },
      })
    },

    async lock(id) {
      await tx.$queryRaw`SELECT FROM economy WHERE tenant_id = ${tenantId}::uuid AND id = ${id}::uuid FOR UPDATE`
      return find(id)
    },

    async list(page, filter) {
      const query = pageQuery(page)
      const rows = await tx.economy.findMany({
        ...query,
        where: { ...query.where, tenantId, ...filter },
        ...WITH_STEPS,
      })
      return pageOf(rows, page, toEconomy)
    },

    async update(id, { metadata, ...change }, at) {
      await tx.economy.updateMany({
        where: { tenantId, id },
        data: { ...change, ...(metadata && { metadata: toJson(metadata) }), updatedAt: at },
      })
    },

    async setStatus(id, status, at) {
      await tx.economy.updateMany({
        where: { tenantId, id },
        data: { status, failureReason: null, updatedAt: at, configVersion: { increment: 1 } },
      })
    },

    async reopenSteps(id) {
      await tx.economyStep.updateMany({
        where: { tenantId, economyId: id, status: 'failed' },
        data: { status: 'pending', detail: null, finishedAt: null },
      })
    },

    async companyAddress(id) {
      const wallet = await tx.wallet.findFirst({
        where: { tenantId, economyId: id, user: { type: 'company' } },
        select: { address: true },
      })
      assert(wallet, 'an economy has its company from the start')
      return wallet.address
    },

    async queueGrant({ id, economy, call, at }) {
      await tx.chainSubmission.createMany({
        data: [
          {
            id,
            tenantId,
            economyId: economy.id,
            chainId: BigInt(economy.chainId),
            laneId: economy.laneId,
            kind: FAUCET_GRANT,
            toAddress: call.to,
            calldata: Uint8Array.from(call.calldata),
            gasLimit: call.gasLimit,
            transactionIds: [],
            createdAt: at,
          },
        ],
      })
    },

    async queueCoins({ id, economy, toAddress, amountWei }) {
      await tx.chainSubmission.createMany({
        data: [
          {
            id,
            tenantId,
            economyId: economy.id,
            chainId: BigInt(economy.chainId),
            laneId: economy.laneId,
            kind: COIN_TRANSFER,
            toAddress,
            calldata: new Uint8Array(0),
            gasLimit: COIN_TRANSFER_GAS,
            value: amountWei.toString(),
            transactionIds: [],
          },
        ],
      })
    },

    async coinsSent(economyId, since) {
      const [sent] = await tx.$queryRaw<{ wei: string }[]>`
        SELECT coalesce(sum(value), 0)::text AS wei FROM chain_submission
        WHERE economy_id = ${economyId}::uuid AND kind = 'coin_transfer' AND created_at >= ${since}
          AND status NOT IN ('refused', 'reverted', 'replaced')`
      return BigInt(sent?.wei ?? 0)
    },
  }
}

function toEconomy(row: EconomyRow): Economy {
  const { tokenAddress, tokenRulesAddress } = row
  assert(tokenAddress && tokenRulesAddress, 'addresses are predicted when the economy is created')
  return {
    id: row.id,
    name: row.name,
    symbol: row.symbol,
    decimals: row.decimals,
    // CHECKs keep these columns to the values of their types.
    environment: row.environment as Environment,
    status: row.status as EconomyStatus,
    failureReason: row.failureReason,
    chainId: Number(row.chainId),
    laneId: row.laneId,
    tokenAddress,
    tokenRulesAddress,
    companyUserId: row.companyUserId,
    initialGrant: BigInt(row.initialGrant.toFixed(0)),
    // Written through schemas that allow nothing else.
    metadata: row.metadata as Metadata,
    steps: row.steps.map(({ name, status, detail, startedAt, finishedAt }) => ({
      name: name as EconomyStep['name'],
      status: status as EconomyStep['status'],
      detail,
      startedAt,
      finishedAt,
    })),
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  }
}
