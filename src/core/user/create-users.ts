import assert from 'node:assert'
import { type AddressBook, userSalt } from '../economy/address-book.ts'
import type { Economy } from '../economy/economy.ts'
import { EconomyNotFound } from '../economy/errors.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import type { DomainError } from '../shared/errors.ts'
import type { Metadata } from '../shared/metadata.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { ExternalIdTaken } from './errors.ts'
import type { User } from './user.ts'
import type { NewUserRow } from './user-store.ts'

/** What a business says about a new user. */
export interface NewUser {
  externalId: string | null
  name: string | null
  isVerified: boolean
  metadata: Metadata
}

export interface CreateUsers {
  tenantId: string
  economyId: string
  users: readonly NewUser[]
}

/** One item's outcome. */
export type CreatedUser = { user: User } | { refused: DomainError }

interface Deps {
  unitOfWork: UnitOfWork
  addressBook: AddressBook
  clock: Clock
  ids: Ids
}

/**
 * Creates users with their wallets and accounts in one set-based statement. Addresses are computed, nothing is deployed.
 *
 * One item's refusal (its external id is taken, in the economy or by an earlier item) never fails another.
 * @returns one outcome per item, in order
 * @throws EconomyNotFound
 */
export async function createUsers(deps: Deps, command: CreateUsers): Promise<CreatedUser[]> {
  const { tenantId, economyId } = command
  return deps.unitOfWork(tenantId, async (tx) => {
    const economy = await tx.economies.find(economyId)
    if (!economy) throw new EconomyNotFound()
    const rows = command.users.map((user) => toRow(deps, tenantId, economy, user))
    const written = await tx.users.insertMany(rows)
    const created = rows.filter(({ user }) => written.has(user.id)).map(({ user }) => user)
    if (created.length > 0) {
      await tx.outbox.append(
        ...created.map((user) => ({
          tenantId,
          economyId,
          topic: 'user.created' as const,
          subjectId: user.id,
        })),
      )
    }
    return rows.map(({ user }) =>
      written.has(user.id) ? { user } : { refused: new ExternalIdTaken(user.externalId ?? '') },
    )
  })
}

/** Creates one user. @throws ExternalIdTaken, EconomyNotFound */
export async function createUser(
  deps: Deps,
  command: { tenantId: string; economyId: string; user: NewUser },
): Promise<User> {
  const { user, ...owner } = command
  const [created] = await createUsers(deps, { ...owner, users: [user] })
  assert(created, 'there is one outcome per item')
  if ('refused' in created) throw created.refused
  return created.user
}

function toRow(deps: Deps, tenantId: string, economy: Economy, input: NewUser): NewUserRow {
  const id = deps.ids.next()
  const salt = userSalt(id)
  const now = deps.clock.now()
  return {
    salt,
    user: {
      id,
      tenantId,
      economyId: economy.id,
      type: 'user',
      ...input,
      status: 'active',
      wallet: {
        address: deps.addressBook.holderAddress(economy.chainId, economy.tokenAddress, salt),
        custody: 'managed',
      },
      createdAt: now,
      updatedAt: now,
    },
  }
}
