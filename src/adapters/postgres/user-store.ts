import assert from 'node:assert'
import type { Metadata } from '#core/shared/metadata.ts'
import { ExternalIdTaken } from '#core/user/errors.ts'
import type { User, UserStatus, UserType, Wallet } from '#core/user/user.ts'
import type { NewUserRow, UserStore } from '#core/user/user-store.ts'
import type { PrismaTx } from './database.ts'
import { Prisma } from './generated/client.ts'
import { toJson } from './json.ts'
import { lockRow } from './lock-row.ts'
import { pageOf, pageQuery } from './page.ts'
import { orTaken } from './unique-violation.ts'
import { findByName } from './user-names.ts'

export const WITH_WALLET = {
  omit: { nameSearch: true },
  include: { wallet: { select: { address: true, custody: true } } },
} as const
type UserRow = Prisma.EconomyUserGetPayload<typeof WITH_WALLET>

export function createUserStore(tx: PrismaTx, tenantId: string): UserStore {
  const find = async (economyId: string, id: string) => {
    const row = await tx.economyUser.findFirst({ where: { tenantId, economyId, id }, ...WITH_WALLET })
    return row && toUser(row)
  }
  return {
    find,

    async findMany(economyId, ids) {
      const where = { tenantId, economyId, id: { in: [...ids] } }
      return (await tx.economyUser.findMany({ where, ...WITH_WALLET })).map(toUser)
    },

    async insertMany(rows) {
      const items = JSON.stringify(rows.map(toItem))
      const written = await tx.$queryRaw<{ id: string }[]>(insertUsers(items, tenantId))
      return new Set(written.map((row) => row.id))
    },

    async lock(economyId, id) {
      await lockRow(tx, 'economy_user', { tenantId, economyId, id })
      return find(economyId, id)
    },

    async list(economyId, page, { namePrefix, ...exact }) {
      const query = pageQuery(page)
      const named =
        namePrefix === undefined
          ? null
          : await findByName(tx, { tenantId, economyId }, page, { namePrefix, ...exact })
      const found = named ? { id: { in: named.ids } } : query.where
      const where = { ...found, tenantId, economyId, ...exact }
      const users = pageOf(await tx.economyUser.findMany({ ...query, where, ...WITH_WALLET }), page, toUser)
      return { ...users, nextAfter: users.nextAfter ?? named?.endOfWalk ?? null }
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

export function toUser({ wallet, ...row }: UserRow): User {
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
