import assert from 'node:assert'
import { isDeepStrictEqual } from 'node:util'
import type { CompanyUser, EconomyStore, QueuedGrant } from '#core/economy/economy-store.ts'
import type { Economy } from '#core/economy/economy.ts'
import { EconomySymbolTaken } from '#core/economy/errors.ts'
import type { IdempotencyRecord, IdempotencyStore } from '#core/idempotency/idempotency-store.ts'
import type { NewOutboxEvent } from '#core/outbox/outbox-event.ts'
import { type Page, type PageRequest, toPage } from '#core/shared/page.ts'
import type { Stores } from '#core/stores.ts'
import type { ApiKey } from '#core/tenant/api-key.ts'
import type { AuditEntry } from '#core/tenant/audit-entry.ts'
import { MemberExists } from '#core/tenant/errors.ts'
import type { Member } from '#core/tenant/member.ts'
import type { Tenant } from '#core/tenant/tenant.ts'
import type { UnitOfWork } from '#core/unit-of-work.ts'

/** One tenant's rows, in memory. */
export interface FakeRows {
  tenants: Tenant[]
  members: Member[]
  apiKeys: ApiKey[]
  audit: AuditEntry[]
  economies: Economy[]
  companies: CompanyUser[]
  grants: QueuedGrant[]
  events: NewOutboxEvent[]
  idempotency: Map<string, IdempotencyRecord>
}

/** What the fake's chains offer; null: nothing. */
export interface FakeOptions {
  berth?: { chainId: number; laneId: string } | null
}

/** A unit of work over arrays: a throw restores them, as a rollback would. Only for what the tenant and economy nouns use. */
export function fakeUnitOfWork(options: FakeOptions = {}): { unitOfWork: UnitOfWork; rows: FakeRows } {
  const rows: FakeRows = {
    tenants: [],
    members: [],
    apiKeys: [],
    audit: [],
    economies: [],
    companies: [],
    grants: [],
    events: [],
    idempotency: new Map(),
  }
  const locked = new Set<string>()
  const unitOfWork: UnitOfWork = async (_tenantId, work) => {
    const before = structuredClone(rows)
    const mine = new Set<string>()
    try {
      // The other nouns' stores are not part of what these tests exercise: using one fails loudly.
      return await work({
        ...storesOf(rows, options),
        idempotency: fakeIdempotency(rows, locked, mine),
      } as Stores)
    } catch (error) {
      Object.assign(rows, before)
      throw error
    } finally {
      for (const key of mine) locked.delete(key)
    }
  }
  return { unitOfWork, rows }
}

function storesOf(
  rows: FakeRows,
  { berth = { chainId: 31_002, laneId: 'lane' } }: FakeOptions,
): Partial<Stores> {
  return {
    // No gateway in reach: a fake chain has none.
    backings: {
      findPair: async () => null,
      insert: async () => {},
      find: async () => null,
      see: async () => null,
    },
    tenants: {
      insert: async (tenant) => void rows.tenants.push(tenant),
      get: async () => rows.tenants[0] ?? null,
    },
    members: {
      async insert(member) {
        if (rows.members.some(({ email }) => email.toLowerCase() === member.email.toLowerCase()))
          throw new MemberExists()
        rows.members.push(member)
      },
      find: async (id) => byId(rows.members, id),
      list: async (page) => pageOf(rows.members, page),
      setRole: async (id, role) => change(rows.members, id, { role }),
      remove: async (id) => {
        rows.members = rows.members.filter((member) => member.id !== id)
      },
      lockOwners: async () => rows.members.filter(({ role }) => role === 'owner').length,
    },
    apiKeys: {
      insert: async (key) => void rows.apiKeys.push(key),
      find: async (id) => byId(rows.apiKeys, id),
      lock: async (id) => byId(rows.apiKeys, id),
      list: async (page, filter) => pageOf(matching(rows.apiKeys, filter), page),
      replace: async (id, replacedById, expiresAt) => change(rows.apiKeys, id, { replacedById, expiresAt }),
      revoke: async (id, revokedAt) => change(rows.apiKeys, id, { revokedAt }),
    },
    audit: {
      append: async (entry) => void rows.audit.push(entry),
      async list(page, { since, until, ...exact }) {
        const entries = matching(rows.audit, exact).filter(
          ({ createdAt }) => !(since && createdAt < since) && !(until && createdAt >= until),
        )
        return pageOf(entries, page)
      },
    },
    outbox: { append: async (...events) => void rows.events.push(...events) },
    economies: fakeEconomies(rows, berth),
  }
}

function fakeEconomies(rows: FakeRows, berth: { chainId: number; laneId: string } | null): EconomyStore {
  const find = async (id: string) => byId(rows.economies, id)
  return {
    find,
    lock: find,
    findBerth: async () => berth,
    async insert(economy, company) {
      if (rows.economies.some(({ symbol }) => symbol === economy.symbol))
        throw new EconomySymbolTaken(economy.symbol)
      rows.economies.push(economy)
      rows.companies.push(company)
    },
    list: async (page, filter) => pageOf(matching(rows.economies, filter), page),
    update: async (id, fields, updatedAt) => change(rows.economies, id, { ...fields, updatedAt }),
    setStatus: async (id, status, updatedAt) =>
      change(rows.economies, id, { status, failureReason: null, updatedAt }),
    async reopenSteps(id) {
      const { steps = [] } = byId(rows.economies, id) ?? {}
      const reopened = steps.map((step) =>
        step.status === 'failed'
          ? { ...step, status: 'pending' as const, detail: null, finishedAt: null }
          : step,
      )
      change(rows.economies, id, { steps: reopened })
    },
    companyAddress: async (id) => {
      const economy = byId(rows.economies, id)
      const company = rows.companies.find(({ userId }) => userId === economy?.companyUserId)
      assert(company, 'every economy has its company')
      return company.address
    },
    queueGrant: async (grant) => void rows.grants.push(grant),
    queueCoins: async () => assert.fail('coins are sent by the real store only'),
    coinsSent: async () => 0n,
  }
}

function fakeIdempotency(rows: FakeRows, locked: Set<string>, mine: Set<string>): IdempotencyStore {
  const nameOf = (scopeId: string, key: string) => `${scopeId}/${key}`
  return {
    async lock(scopeId, key) {
      const name = nameOf(scopeId, key)
      if (locked.has(name)) return false
      locked.add(name)
      mine.add(name)
      return true
    },
    find: async (scopeId, key) => rows.idempotency.get(nameOf(scopeId, key)) ?? null,
    async insert(scopeId, key, record) {
      assert(!rows.idempotency.has(nameOf(scopeId, key)), 'a key is recorded once')
      rows.idempotency.set(nameOf(scopeId, key), record)
    },
  }
}

function byId<Row extends { id: string }>(rows: readonly Row[], id: string): Row | null {
  return rows.find((row) => row.id === id) ?? null
}

/** The rows that have every given field with its value. */
function matching<Row extends object>(rows: readonly Row[], fields: Partial<Row>): Row[] {
  // The keys of a part of a row are keys of the row.
  const names = Object.keys(fields) as (keyof Row)[]
  return rows.filter((row) => names.every((name) => row[name] === fields[name]))
}

function change<Row extends { id: string }>(rows: Row[], id: string, fields: Partial<Row>): void {
  const index = rows.findIndex((row) => row.id === id)
  const row = rows[index]
  if (row && !isDeepStrictEqual(row, fields)) rows[index] = { ...row, ...fields }
}

function pageOf<Row extends { id: string }>(
  rows: readonly Row[],
  { limit, after, order }: PageRequest,
): Page<Row> {
  const direction = order === 'asc' ? 1 : -1
  const sorted = rows.toSorted((a, b) => (a.id < b.id ? -direction : direction))
  const following =
    after === undefined ? sorted : sorted.filter(({ id }) => (order === 'asc' ? id > after : id < after))
  return toPage(following, limit, ({ id }) => id)
}
