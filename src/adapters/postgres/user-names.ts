import type { PageRequest } from '#core/shared/page.ts'
import type { UserFilter } from '#core/user/user-store.ts'
import type { PrismaTx } from './database.ts'
import { Prisma } from './generated/client.ts'

/** Names of one beginning that are sorted by id; of more, a page walks along the ids instead. */
const NAMES_MAX = 1_000
/** Users that such a page may look at. */
export const WALK_MAX = 2_000

export interface NamedPage {
  /** One more than the page's limit where more follow. */
  ids: string[]
  /** Where the walk was cut off; null when it met every user there is. */
  endOfWalk: string | null
}

type Filter = UserFilter & { namePrefix: string }

/** The ids of a page of users whose names begin so: Prisma has no word for the operator. */
export async function findByName(
  tx: PrismaTx,
  owner: { tenantId: string; economyId: string },
  page: PageRequest,
  filter: Filter,
): Promise<NamedPage> {
  const named = Prisma.sql`
    SELECT id, external_id, status, type FROM economy_user
    WHERE tenant_id = ${owner.tenantId}::uuid AND economy_id = ${owner.economyId}::uuid
      AND name_search ^@ lower(${filter.namePrefix})`
  // In the order of the index of names, which keeps the planner on it.
  const counted = await tx.$queryRaw<unknown[]>(
    Prisma.sql`SELECT FROM (${named} ORDER BY name_search USING ~<~ LIMIT ${NAMES_MAX}) AS named`,
  )
  if (counted.length < NAMES_MAX) {
    // Materialized, so that the few names are found first and then sorted.
    const rows = await tx.$queryRaw<{ id: string }[]>(Prisma.sql`
      WITH named AS MATERIALIZED (${named})
      SELECT id FROM named WHERE ${matching(filter)} ${past(page)} ${inOrder(page)} LIMIT ${page.limit + 1}`)
    return { ids: rows.map((row) => row.id), endOfWalk: null }
  }
  const walk = Prisma.sql`
    SELECT id, external_id, status, type, name_search FROM economy_user
    WHERE tenant_id = ${owner.tenantId}::uuid AND economy_id = ${owner.economyId}::uuid ${past(page)}
    ${inOrder(page)} LIMIT ${WALK_MAX}`
  const rows = await tx.$queryRaw<{ id: string }[]>(Prisma.sql`
    SELECT id FROM (${walk}) AS walk WHERE name_search ^@ lower(${filter.namePrefix}) AND ${matching(filter)}
    ${inOrder(page)} LIMIT ${page.limit + 1}`)
  const ids = rows.map((row) => row.id)
  if (ids.length > page.limit) return { ids, endOfWalk: null }
  const [end] = await tx.$queryRaw<{ id: string }[]>(
    Prisma.sql`SELECT id FROM (${walk}) AS walk OFFSET ${WALK_MAX - 1}`,
  )
  return { ids, endOfWalk: end?.id ?? null }
}

function matching(filter: Filter): Prisma.Sql {
  const [externalId, status, type] = [filter.externalId ?? null, filter.status ?? null, filter.type ?? null]
  return Prisma.sql`(${externalId}::text IS NULL OR external_id = ${externalId})
    AND (${status}::text IS NULL OR status = ${status}) AND (${type}::text IS NULL OR type = ${type})`
}

function past({ after, order }: PageRequest): Prisma.Sql {
  if (after === undefined) return Prisma.empty
  return order === 'asc' ? Prisma.sql`AND id > ${after}::uuid` : Prisma.sql`AND id < ${after}::uuid`
}

function inOrder({ order }: PageRequest): Prisma.Sql {
  return order === 'asc' ? Prisma.sql`ORDER BY id ASC` : Prisma.sql`ORDER BY id DESC`
}
