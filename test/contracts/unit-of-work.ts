import { randomBytes } from 'node:crypto'
import { uuidv7 } from 'uuidv7'
import { describe, expect, it } from 'vitest'
import type { Economy } from '#core/economy/economy.ts'
import type { CompanyUser } from '#core/economy/economy-store.ts'
import { EconomySymbolTaken } from '#core/economy/errors.ts'
import type { Page, PageRequest } from '#core/shared/page.ts'
import type { Stores } from '#core/stores.ts'
import type { ApiKey } from '#core/tenant/api-key.ts'
import type { AuditEntry } from '#core/tenant/audit-entry.ts'
import { MemberExists } from '#core/tenant/errors.ts'
import type { Member } from '#core/tenant/member.ts'
import type { UnitOfWork } from '#core/unit-of-work.ts'
import { idAt } from '#adapters/postgres/transaction-list.ts'
import { aMember, anApiKey, anEconomy, NOW } from '#test/support/builders.ts'

/** Units of work of a tenant that does not exist yet, on a platform with one berth for economies. */
export interface Fresh {
  unitOfWork: UnitOfWork
  tenantId: string
}

const ALL: PageRequest = { limit: 100, order: 'asc' }
const LATER = new Date(NOW.getTime() + 60_000)

/** What every unit of work, with the stores it hands out for tenants and economies, promises. */
export function describeUnitOfWork(implementation: string, open: () => Promise<Fresh>): void {
  /** A tenant and a way to work for it. */
  async function arrange() {
    const { unitOfWork, tenantId } = await open()
    const work = <Result>(act: (tx: Stores) => Promise<Result>) => unitOfWork(tenantId, act)
    const tenant = { id: tenantId, name: 'Acme', status: 'active' as const, createdAt: NOW }
    await work((tx) => tx.tenants.insert(tenant))
    return { work, tenant }
  }

  describe(`the unit of work ${implementation}`, () => {
    it('keeps what was written and hands on the result', async () => {
      const { work, tenant } = await arrange()
      expect(await work((tx) => tx.tenants.get())).toEqual(tenant)
    })

    it('takes everything back when the work throws, and throws the same', async () => {
      const { work, tenant } = await arrange()
      const failure = new Error('the last step failed')
      const attempt = work(async (tx) => {
        await tx.members.insert(member())
        await tx.idempotency.insert(tenant.id, 'key', aRecord())
        throw failure
      })
      await expect(attempt).rejects.toBe(failure)
      expect(await work((tx) => tx.members.list(ALL))).toEqual({ rows: [], nextAfter: null })
      expect(await work((tx) => tx.idempotency.find(tenant.id, 'key'))).toBeNull()
    })
  })

  describe(`the members ${implementation}`, () => {
    it('are found as they were written', async () => {
      const { work } = await arrange()
      const ada = member()
      await work((tx) => tx.members.insert(ada))
      expect(await work((tx) => tx.members.find(ada.id))).toEqual(ada)
      expect(await work((tx) => tx.members.find(uuidv7()))).toBeNull()
    })

    it('have each e-mail address once, whatever the case', async () => {
      const { work } = await arrange()
      await work((tx) => tx.members.insert(member()))
      const again = work((tx) => tx.members.insert(member({ email: 'ADA@Example.com' })))
      await expect(again).rejects.toBeInstanceOf(MemberExists)
    })

    it('are gone when they were removed, and their address is free', async () => {
      const { work } = await arrange()
      const ada = member()
      await work((tx) => tx.members.insert(ada))
      await work((tx) => tx.members.remove(ada.id, LATER))
      expect(await work((tx) => tx.members.find(ada.id))).toBeNull()
      expect((await work((tx) => tx.members.list(ALL))).rows).toEqual([])
      expect(await work((tx) => tx.members.lockOwners())).toBe(0)
      await work((tx) => tx.members.insert(member()))
    })

    it('change their role, and only owners count as owners', async () => {
      const { work } = await arrange()
      const [ada, bob] = [member(), member({ email: 'bob@example.com' })]
      await work(async (tx) => {
        await tx.members.insert(ada)
        await tx.members.insert(bob)
        await tx.members.setRole(bob.id, 'viewer')
      })
      expect(await work((tx) => tx.members.find(bob.id))).toEqual({ ...bob, role: 'viewer' })
      expect(await work((tx) => tx.members.lockOwners())).toBe(1)
    })

    it.each(['asc', 'desc'] as const)(
      'come in pages that follow each other, %sending by id',
      async (order) => {
        const { work } = await arrange()
        const members = [1, 2, 3, 4, 5].map((index) => member({ email: `${index}@example.com` }))
        await work(async (tx) => {
          for (const each of members) await tx.members.insert(each)
        })
        const pages: Page<Member>[] = []
        let after: string | undefined
        do {
          const request = { limit: 2, order, ...(after !== undefined && { after }) }
          const page = await work((tx) => tx.members.list(request))
          pages.push(page)
          after = page.nextAfter ?? undefined
        } while (after !== undefined)
        expect(pages.map(({ rows }) => rows.length)).toEqual([2, 2, 1])
        expect(pages.flatMap(({ rows }) => rows)).toEqual(order === 'asc' ? members : members.toReversed())
      },
    )
  })

  describe(`the API keys ${implementation}`, () => {
    it('are found as they were written, locked or not', async () => {
      const { work } = await arrange()
      const key = apiKey({ scopes: ['tenant:read', 'keys:write'], ipAllowList: ['192.0.2.0/24'] })
      await work((tx) => tx.apiKeys.insert(key, randomBytes(32), null))
      expect(await work((tx) => tx.apiKeys.find(key.id))).toEqual(key)
      expect(await work((tx) => tx.apiKeys.lock(key.id))).toEqual(key)
      expect(await work((tx) => tx.apiKeys.lock(uuidv7()))).toBeNull()
    })

    it('keep how they sign, and show no shared secret', async () => {
      const { work } = await arrange()
      const shared = apiKey({ signing: { algorithm: 'hmac-sha256', publicKey: null, isRequired: true } })
      const owned = apiKey({ signing: { algorithm: 'ed25519', publicKey: 'half', isRequired: false } })
      await work(async (tx) => {
        await tx.apiKeys.insert(shared, randomBytes(32), 'sealed')
        await tx.apiKeys.insert(owned, randomBytes(32), 'half')
      })
      expect(await work((tx) => tx.apiKeys.find(shared.id))).toEqual(shared)
      expect(await work((tx) => tx.apiKeys.find(owned.id))).toEqual(owned)
    })

    it('name their successor and the moment at which they end', async () => {
      const { work } = await arrange()
      const [old, fresh] = [apiKey(), apiKey()]
      await work(async (tx) => {
        await tx.apiKeys.insert(old, randomBytes(32), null)
        await tx.apiKeys.insert(fresh, randomBytes(32), null)
        await tx.apiKeys.replace(old.id, fresh.id, LATER)
      })
      expect(await work((tx) => tx.apiKeys.find(old.id))).toEqual({
        ...old,
        replacedById: fresh.id,
        expiresAt: LATER,
      })
      await work((tx) => tx.apiKeys.revoke(fresh.id, LATER))
      expect(await work((tx) => tx.apiKeys.find(fresh.id))).toEqual({ ...fresh, revokedAt: LATER })
    })

    it('are listed for one economy, or all of them', async () => {
      const { work } = await arrange()
      const { economy } = await work((tx) => insertEconomy(tx))
      const [ofTenant, ofEconomy] = [apiKey(), apiKey({ economyId: economy.id })]
      await work(async (tx) => {
        await tx.apiKeys.insert(ofTenant, randomBytes(32), null)
        await tx.apiKeys.insert(ofEconomy, randomBytes(32), null)
      })
      expect((await work((tx) => tx.apiKeys.list(ALL, {}))).rows).toEqual([ofTenant, ofEconomy])
      const filter = { economyId: economy.id }
      expect((await work((tx) => tx.apiKeys.list(ALL, filter))).rows).toEqual([ofEconomy])
    })
  })

  describe(`the audit log ${implementation}`, () => {
    it('is listed by what, of whom and when', async () => {
      const { work } = await arrange()
      const [created, revoked] = [entry('api_key.created', NOW), entry('api_key.revoked', LATER)]
      await work(async (tx) => {
        await tx.audit.append(created)
        await tx.audit.append(revoked)
      })
      const listed = async (filter: Parameters<Stores['audit']['list']>[1]) =>
        (await work((tx) => tx.audit.list(ALL, filter))).rows
      expect(await listed({})).toEqual([created, revoked])
      expect(await listed({ action: 'api_key.revoked' })).toEqual([revoked])
      expect(await listed({ subjectType: 'api_key', subjectId: created.subjectId })).toEqual([created])
      expect(await listed({ subjectType: 'member' })).toEqual([])
      expect(await listed({ since: LATER })).toEqual([revoked])
      expect(await listed({ until: LATER })).toEqual([created])
    })
  })

  describe(`the economies ${implementation}`, () => {
    it('are found as they were written, with the address of their company', async () => {
      const { work } = await arrange()
      const { economy, company } = await work((tx) => insertEconomy(tx))
      expect(await work((tx) => tx.economies.find(economy.id))).toEqual(economy)
      expect(await work((tx) => tx.economies.lock(economy.id))).toEqual(economy)
      expect(await work((tx) => tx.economies.companyAddress(economy.id))).toBe(company.address)
      expect(await work((tx) => tx.economies.find(uuidv7()))).toBeNull()
    })

    it('have each symbol once', async () => {
      const { work } = await arrange()
      const { economy } = await work((tx) => insertEconomy(tx))
      const again = work((tx) => insertEconomy(tx, { symbol: economy.symbol }))
      await expect(again).rejects.toBeInstanceOf(EconomySymbolTaken)
    })

    it('are listed by status and environment', async () => {
      const { work } = await arrange()
      const { economy: first } = await work((tx) => insertEconomy(tx, { status: 'deploying' }))
      const { economy: second } = await work((tx) => insertEconomy(tx, { status: 'active' }))
      const listed = async (filter: Parameters<Stores['economies']['list']>[1]) =>
        (await work((tx) => tx.economies.list(ALL, filter))).rows
      expect(await listed({})).toEqual([first, second])
      expect(await listed({ status: 'active' })).toEqual([second])
      expect(await listed({ environment: 'production' })).toEqual([])
    })

    it('change name and metadata, each or both', async () => {
      const { work } = await arrange()
      const { economy } = await work((tx) => insertEconomy(tx))
      await work((tx) => tx.economies.update(economy.id, { name: 'Renamed' }, LATER))
      const renamed = { ...economy, name: 'Renamed', updatedAt: LATER }
      expect(await work((tx) => tx.economies.find(economy.id))).toEqual(renamed)
      await work((tx) => tx.economies.update(economy.id, { metadata: { tier: 'gold' } }, LATER))
      const labelled = { ...renamed, metadata: { tier: 'gold' } }
      expect(await work((tx) => tx.economies.find(economy.id))).toEqual(labelled)
    })

    it('forget why they failed, and open their failed steps again', async () => {
      const { work } = await arrange()
      const done = { status: 'done' as const, detail: null, startedAt: NOW, finishedAt: NOW }
      const failed = { status: 'failed' as const, detail: 'reverted', startedAt: NOW, finishedAt: NOW }
      const { economy } = await work((tx) =>
        insertEconomy(tx, {
          status: 'failed',
          failureReason: 'reverted',
          steps: [
            { name: 'create_contracts', ...done },
            { name: 'grant_initial_supply', ...failed },
          ],
        }),
      )
      await work(async (tx) => {
        await tx.economies.reopenSteps(economy.id)
        await tx.economies.setStatus(economy.id, 'deploying', LATER)
      })
      expect(await work((tx) => tx.economies.find(economy.id))).toEqual({
        ...economy,
        status: 'deploying',
        failureReason: null,
        updatedAt: LATER,
        steps: [
          { name: 'create_contracts', ...done },
          { name: 'grant_initial_supply', status: 'pending', detail: null, startedAt: NOW, finishedAt: null },
        ],
      })
    })
  })

  describe(`the idempotency records ${implementation}`, () => {
    it('are found as they were written, each in its scope', async () => {
      const { work, tenant } = await arrange()
      await work((tx) => tx.idempotency.insert(tenant.id, 'key', aRecord()))
      expect(await work((tx) => tx.idempotency.find(tenant.id, 'key'))).toEqual(aRecord())
      expect(await work((tx) => tx.idempotency.find(uuidv7(), 'key'))).toBeNull()
      expect(await work((tx) => tx.idempotency.find(tenant.id, 'another'))).toBeNull()
    })

    it('let one unit of work at a time have a key', async () => {
      const { work, tenant } = await arrange()
      const lock = (key: string) => work((tx) => tx.idempotency.lock(tenant.id, key))
      const [inside, outside, elsewhere] = await work(async (tx) => [
        await tx.idempotency.lock(tenant.id, 'key'),
        await lock('key'),
        await lock('another'),
      ])
      expect([inside, outside, elsewhere]).toEqual([true, false, true])
      expect(await lock('key')).toBe(true)
    })

    it('let go of a key also when the work throws', async () => {
      const { work, tenant } = await arrange()
      const attempt = work(async (tx) => {
        await tx.idempotency.lock(tenant.id, 'key')
        throw new Error('the work failed')
      })
      await expect(attempt).rejects.toThrow('the work failed')
      expect(await work((tx) => tx.idempotency.lock(tenant.id, 'key'))).toBe(true)
    })
  })
}

function member(fields: Partial<Member> = {}): Member {
  return aMember({ id: uuidv7(), ...fields })
}

function apiKey(fields: Partial<ApiKey> = {}): ApiKey {
  return anApiKey({ id: uuidv7(), ...fields })
}

/** Its id is of the moment at which it was made, as every id is. */
function entry(action: string, createdAt: Date): AuditEntry {
  return {
    id: idAt(createdAt, 0),
    actorType: 'api_key',
    actorId: uuidv7(),
    action,
    subjectType: 'api_key',
    subjectId: uuidv7(),
    details: { name: 'Game server' },
    ip: '192.0.2.1',
    requestId: 'req_1',
    createdAt,
  }
}

function aRecord() {
  return {
    fingerprint: { method: 'POST', path: '/v3/users', fields: { name: '0123456789abcdef' } },
    response: { status: 201, body: { object: 'user', amount: '1' } },
  }
}

/** An economy in the platform's berth, with its company. */
async function insertEconomy(
  tx: Stores,
  fields: Partial<Economy> = {},
): Promise<{ economy: Economy; company: CompanyUser }> {
  const berth = await tx.economies.findBerth()
  if (!berth) throw new Error('the platform has a berth')
  const anAddress = () => `0x${randomBytes(20).toString('hex')}`
  const company = { userId: uuidv7(), address: anAddress(), salt: randomBytes(12) }
  const economy = anEconomy({
    id: uuidv7(),
    ...berth,
    symbol: randomBytes(4).toString('hex').toUpperCase(),
    companyUserId: company.userId,
    tokenAddress: anAddress(),
    tokenRulesAddress: anAddress(),
    ...fields,
  })
  await tx.economies.insert(economy, company)
  return { economy, company }
}
