import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import type { MemberRole } from '#core/tenant/member.ts'
import type { TestApi, TestTenant } from './api.ts'

export const PASSWORD = 'correct horse battery staple'

export interface Person {
  id: string
  email: string
  password: string
  tenantId: string
}

export interface Grant {
  accessToken: string
  refreshToken: string
  sessionId: string
}

/** A member of the tenant who has set a password. */
export async function aPerson(
  api: TestApi,
  { role = 'owner', tenant = api.tenant }: { role?: MemberRole; tenant?: TestTenant } = {},
): Promise<Person> {
  const { key } = tenant
  const email = `p${randomUUID()}@example.com`
  const member = await api.request('POST', '/v3/members', { key, body: { email, name: 'P', role } })
  expect(member.status, JSON.stringify(member.body)).toBe(201)
  const person = { id: member.body.id, email, password: PASSWORD, tenantId: tenant.id }
  await setPassword(api, person.id, key)
  return person
}

/** Invites the member and accepts. */
export async function setPassword(api: TestApi, memberId: string, key = api.tenant.key): Promise<void> {
  const { body } = await api.request('POST', `/v3/members/${memberId}/invitation`, { key })
  const accepted = await api.request('POST', '/v3/auth/accept-invitation', {
    key: null,
    body: { token: body.token, password: PASSWORD },
  })
  expect(accepted.status, JSON.stringify(accepted.body)).toBe(204)
}

export async function signIn(
  api: TestApi,
  { email, password, tenantId }: Person,
  ip?: string,
): Promise<Grant> {
  const { status, body } = await api.request('POST', '/v3/auth/sign-in', {
    key: null,
    ...(ip !== undefined && { ip }),
    body: { email, password, tenant_id: tenantId },
  })
  expect(status, JSON.stringify(body)).toBe(200)
  return grantOf(body)
}

export function grantOf(body: { access_token: string; refresh_token: string; session_id: string }): Grant {
  return { accessToken: body.access_token, refreshToken: body.refresh_token, sessionId: body.session_id }
}

export const refresh = async (api: TestApi, refreshToken: string) =>
  api.request('POST', '/v3/auth/refresh', { key: null, body: { refresh_token: refreshToken } })
