import assert from 'node:assert'
import type { Metadata } from '#core/shared/metadata.ts'
import type { PageRequest } from '#core/shared/page.ts'
import { ExternalIdTaken } from '#core/user/errors.ts'
import type { User, UserStatus, UserType, Wallet } from '#core/user/user.ts'
import type { NewUserRow, UserFilter, UserStore } from '#core/user/user-store.ts'
import type { PrismaTx } from './database.ts'
import { Prisma } from './generated/client.ts'
import { toJson } from './json.ts'
import { pageOf, pageQuery } from './page.ts'
import { orTaken } from './unique-violation.ts'

const WITH_WALLET = {
  omit: { nameSearch: true },
  include: { wallet: { select: { address: true, custody: true } } },
} as const
type UserRow = Prisma.EconomyUserGetPayload<typeof WITH_WALLET>

export function createUserStore(tx: PrismaTx, tenantId: string): UserStore {
  const find = async (economyId: string, id: string) => {
    const row = await tx.economyUser.findFirst({ where: { tenantId, economyId, id }, ...WITH_WALLET })
    return row && toUser(row)
  }
  /** The ids of a page of users whose names begin so: Prisma has no word for the operator. */
  const named = async (economyId: string, page: PageRequest, filter: UserFilter & { namePrefix: string }) => {
    const ids = await tx.$queryRaw<{ id: string }[]>(selectByName(tenantId, economyId, page, filter))
    return { where: { id: { in: ids.map((row) => row.id) } } }
  }
  return {
    find,

    async insertMany(rows) {
      const items = JSON.stringify(rows.map(toItem))
      const written = await tx.$queryRaw<{ id: string }[]>(insertUsers(items, tenantId))
      return new Set(written.map((row) => row.id))
    },

    async lock(economyId, id) {
      await tx.$queryRaw`
        SELECT FROM economy_user
        WHERE tenant_id = ${tenantId}::uuid AND economy_id = ${economyId}::uuid AND id = ${id}::uuid FOR UPDATE`
      return find(economyId, id)
    },

    async list(economyId, page, { namePrefix, ...exact }) {
      const query = pageQuery(page)
      const found = namePrefix === undefined ? query : await named(economyId, page, { namePrefix, ...exact })
      const where = { ...found.where, tenantId, economyId, ...exact }
      return pageOf(await tx.economyUser.findMany({ ...query, where, ...WITH_WALLET }), page, toUser)
    },

    async update(user) {
      const { id, economyId, externalId, name, isVerified, status, metadata, updatedAt } = user
      const data = { externalId, name, isVerified, status, metadata: toJson(metadata), updatedAt }
      await orTaken(
        tx.economyUser.updateMany({ where: { tenantId, economyId, id }, data }),
        () => new ExternalIdTaken(externalId ?? ''),
      )
    },
  }
}

/**
 * User, wallet and account of all items in one statement. External ids are inserted in sorted order, so that two batches with
 * the same ones wait for each other and never deadlock; of equal ones the first item wins.
 */
function insertUsers(items: string, tenantId: string): Prisma.Sql {
  return Prisma.sql`
    WITH item AS (
      SELECT * FROM jsonb_to_recordset(${items}::jsonb) AS item(
        economy_id uuid, id uuid, external_id text, name text, is_verified boolean, metadata jsonb, address text, salt text,
        created_at timestamptz, position int)
    ), new_user AS (
      INSERT INTO economy_user (economy_id, id, tenant_id, external_id, name, is_verified, metadata, created_at, updated_at)
      SELECT economy_id, id, ${tenantId}::uuid, external_id, name, is_verified, metadata, created_at, created_at
      FROM item ORDER BY external_id, position
      ON CONFLICT (economy_id, external_id) DO NOTHING
      RETURNING id
    ), new_wallet AS (
      INSERT INTO wallet (economy_id, user_id, tenant_id, address, salt, created_at)
      SELECT economy_id, id, ${tenantId}::uuid, address, decode(salt, 'hex'), created_at FROM item JOIN new_user USING (id)
    ), new_account AS (
      INSERT INTO account (economy_id, id, tenant_id, kind, address, updated_at)
      SELECT economy_id, id, ${tenantId}::uuid, 'wallet', address, created_at FROM item JOIN new_user USING (id)
    )
    SELECT id FROM new_user`
}

function toItem({ user, salt }: NewUserRow, position: number) {
  return {
    position,
    economy_id: user.economyId,
    id: user.id,
    external_id: user.externalId,
    name: user.name,
    is_verified: user.isVerified,
    metadata: user.metadata,
    address: user.wallet.address,
    salt: Buffer.from(salt).toString('hex'),
    created_at: user.createdAt.toISOString(),
  }
}

function selectByName(
  tenantId: string,
  economyId: string,
  page: PageRequest,
  filter: UserFilter & { namePrefix: string },
): Prisma.Sql {
  const [externalId, status, type] = [filter.externalId ?? null, filter.status ?? null, filter.type ?? null]
  const after = page.after ?? null
  const isAsc = page.order === 'asc'
  return Prisma.sql`
    SELECT id FROM economy_user
    WHERE tenant_id = ${tenantId}::uuid AND economy_id = ${economyId}::uuid AND name_search ^@ lower(${filter.namePrefix})
      AND (${externalId}::text IS NULL OR external_id = ${externalId})
      AND (${status}::text IS NULL OR status = ${status}) AND (${type}::text IS NULL OR type = ${type})
      AND (${after}::uuid IS NULL OR ${isAsc ? Prisma.sql`id > ${after}::uuid` : Prisma.sql`id < ${after}::uuid`})
    ORDER BY ${isAsc ? Prisma.sql`id ASC` : Prisma.sql`id DESC`} LIMIT ${page.limit + 1}`
}

function toUser({ wallet, ...row }: UserRow): User {
  assert(wallet, 'a user has a wallet from the start')
  return {
    ...row,
    // CHECKs keep these columns to the values of their types; metadata is written through schemas that allow nothing else.
    type: row.type as UserType,
    status: row.status as UserStatus,
    metadata: row.metadata as Metadata,
    wallet: { address: wallet.address, custody: wallet.custody as Wallet['custody'] },
  }
}
