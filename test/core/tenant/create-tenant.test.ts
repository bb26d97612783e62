import { describe, expect, it } from 'vitest'
import { createTenant } from '#core/tenant/create-tenant.ts'
import { SCOPES } from '#core/tenant/scopes.ts'
import { countingIds, fakeHasher, frozenClock, TENANT_ID } from '#test/support/builders.ts'
import { fakeUnitOfWork } from '#test/support/fake-stores.ts'

const command = {
  tenantId: TENANT_ID,
  name: 'Acme',
  owner: { email: 'ada@example.com', name: 'Ada' },
  environment: 'sandbox',
  actor: { type: 'operator', id: 'operator' },
} as const

describe('createTenant', () => {
  it('creates a tenant that has an owner and a key for everything', async () => {
    const { unitOfWork, rows } = fakeUnitOfWork()
    const created = await createTenant(
      { unitOfWork, hasher: fakeHasher, clock: frozenClock, ids: countingIds() },
      command,
    )
    expect(rows.tenants).toEqual([created.tenant])
    expect(rows.members).toMatchObject([{ email: 'ada@example.com', role: 'owner' }])
    expect(rows.apiKeys).toMatchObject([{ economyId: null, scopes: SCOPES }])
    expect(rows.audit).toMatchObject([{ action: 'tenant.created', actorType: 'operator' }])
    expect(JSON.stringify(rows.audit)).not.toContain(created.secret)
  })
})
