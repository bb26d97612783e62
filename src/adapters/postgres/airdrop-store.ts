import assert from 'node:assert'
import type { AirdropProgress, AirdropWithProgress, Recipients } from '#core/airdrop/airdrop.ts'
import type { AirdropStore, RecipientCount } from '#core/airdrop/airdrop-store.ts'
import type { PageRequest } from '#core/shared/page.ts'
import { AIRDROP_COLUMNS, type AirdropRow, matchingUsers, toAirdrop, toSelection } from './airdrop-row.ts'
import type { PrismaTx } from './database.ts'
import { toJson } from './json.ts'
import { pageOf } from './page.ts'

/** Unknown ids of a list that are named in the refusal. */
const UNKNOWN_SHOWN_MAX = 10

/** The tenant's airdrops, in a unit of work. */
export function createAirdropStore(tx: PrismaTx, tenantId: string): AirdropStore {
  return {
    countRecipients: async (economyId, recipients) =>
      recipients.kind === 'list'
        ? countListed(tx, economyId, recipients)
        : countMatching(tx, economyId, recipients),

    async companyBudget(economyId, companyUserId) {
      const [account] = await tx.$queryRaw<{ available: string }[]>`
        SELECT (a.settled + a.released - w.reserved)::text AS available
        FROM wallet w JOIN account a ON a.economy_id = w.economy_id AND a.id = w.user_id
        WHERE w.economy_id = ${economyId}::uuid AND w.user_id = ${companyUserId}::uuid FOR NO KEY UPDATE OF w`
      assert(account, 'an economy has its company from the start')
      const [others] = await tx.$queryRaw<{ needed: string }[]>`
        SELECT coalesce(sum(amount * (total - accepted - refused)), 0)::text AS needed FROM airdrop
        WHERE economy_id = ${economyId}::uuid AND status IN ('queued', 'running')`
      const budget = BigInt(account.available) - BigInt(others?.needed ?? 0)
      return budget > 0n ? budget : 0n
    },

    async insert(airdrop) {
      const { recipients } = airdrop
      await tx.airdrop.createMany({
        data: [
          {
            id: airdrop.id,
            tenantId,
            economyId: airdrop.economyId,
            typeId: airdrop.typeId,
            amount: airdrop.amount.toString(),
            selection: toJson(toSelection(airdrop)),
            recipientIds: recipients.kind === 'list' ? [...new Set(recipients.userIds)].toSorted() : [],
            status: airdrop.status,
            total: airdrop.total,
            metadata: toJson(airdrop.metadata),
            createdAt: airdrop.createdAt,
          },
        ],
      })
    },

    async find(economyId, id) {
      const rows = await tx.$queryRawUnsafe<AirdropRow[]>(
        `SELECT ${AIRDROP_COLUMNS} FROM airdrop a WHERE a.tenant_id = $1::uuid AND a.economy_id = $2::uuid AND a.id = $3::uuid`,
        tenantId,
        economyId,
        id,
      )
      const [found] = await withProgress(tx, economyId, rows)
      return found ?? null
    },

    async list(economyId, page) {
      const rows = await tx.$queryRawUnsafe<AirdropRow[]>(
        `SELECT ${AIRDROP_COLUMNS} FROM airdrop a WHERE a.tenant_id = $1::uuid AND a.economy_id = $2::uuid ${pageClause(page)}`,
        tenantId,
        economyId,
        page.limit + 1,
        ...(page.after === undefined ? [] : [page.after]),
      )
      const airdrops = await withProgress(tx, economyId, rows)
      return pageOf(airdrops, page, (airdrop) => airdrop)
    },
  }
}

function pageClause({ after, order }: PageRequest): string {
  const comparison = order === 'asc' ? '>' : '<'
  return `${after === undefined ? '' : `AND a.id ${comparison} $4::uuid`} ORDER BY a.id ${order === 'asc' ? 'ASC' : 'DESC'} LIMIT $3`
}

async function countMatching(
  tx: PrismaTx,
  economyId: string,
  recipients: Exclude<Recipients, { kind: 'list' }>,
): Promise<RecipientCount> {
  const values: unknown[] = []
  const condition = matchingUsers(economyId, recipients.kind === 'filter' ? recipients.filter : {}, values)
  const [row] = await tx.$queryRawUnsafe<{ count: number; last_user_id: string | null }[]>(
    `SELECT count(*)::int AS count, (max(u.id::text))::uuid AS last_user_id FROM economy_user u WHERE ${condition}`,
    ...values,
  )
  return { count: row?.count ?? 0, lastUserId: row?.last_user_id ?? null, unknownIds: [] }
}

async function countListed(
  tx: PrismaTx,
  economyId: string,
  { userIds }: Extract<Recipients, { kind: 'list' }>,
): Promise<RecipientCount> {
  const ids = [...new Set(userIds)]
  const unknown = await tx.$queryRawUnsafe<{ id: string }[]>(
    `SELECT listed.id FROM unnest($2::uuid[]) AS listed(id)
     WHERE NOT EXISTS (SELECT FROM economy_user u WHERE u.economy_id = $1::uuid AND u.id = listed.id
                         AND u.type = 'user' AND u.status = 'active')
     LIMIT ${UNKNOWN_SHOWN_MAX}`,
    economyId,
    ids,
  )
  return { count: ids.length, lastUserId: null, unknownIds: unknown.map((row) => row.id) }
}

/** Counts what became of the airdrops' transactions. `mined` are those that are not yet confirmed. */
async function withProgress(
  tx: PrismaTx,
  economyId: string,
  rows: readonly AirdropRow[],
): Promise<AirdropWithProgress[]> {
  if (rows.length === 0) return []
  const counts = await tx.$queryRawUnsafe<(AirdropProgress & { airdrop_id: string })[]>(
    `SELECT airdrop_id, count(*) FILTER (WHERE status = 'mined')::int AS mined,
            count(*) FILTER (WHERE status = 'confirmed')::int AS confirmed,
            count(*) FILTER (WHERE status = 'failed')::int AS failed
     FROM transaction_state WHERE economy_id = $1::uuid AND airdrop_id = ANY ($2::uuid[]) GROUP BY airdrop_id`,
    economyId,
    rows.map((row) => row.id),
  )
  const byId = new Map(
    counts.map(({ airdrop_id, mined, confirmed, failed }) => [airdrop_id, { mined, confirmed, failed }]),
  )
  return rows.map((row) => ({
    ...toAirdrop(row),
    progress: byId.get(row.id) ?? { mined: 0, confirmed: 0, failed: 0 },
  }))
}
