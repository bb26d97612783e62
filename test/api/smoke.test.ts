import { afterAll, beforeAll, expect, it } from 'vitest'
import { startApi, type TestApi } from '#test/support/api.ts'

let api: TestApi
beforeAll(async () => { api = await startApi() })
afterAll(() => api.close())
it('works', async () => {
  const e = await api.createEconomy()
  console.log(JSON.stringify(e, null, 1))
  console.log((await api.request('GET', '/v3/economies')).body.data.length)
  console.log((await api.request('POST', `/v3/economies/${e.id}/grants`, { body: { amount: '5' }, once: 'a' })).body)
  console.log((await api.request('POST', `/v3/economies/${e.id}/grants`, { body: { amount: '5' }, once: 'a' })).headers)
  console.log((await api.request('POST', `/v3/economies/${e.id}/grants`, { body: { amount: '6' }, once: 'a' })).body)
  console.log((await api.request('GET', `/v3/audit-log`)).body)
  console.log((await api.request('GET', `/nope`)).body)
  console.log((await api.request('POST', `/v3/members`, { body: { x: 1, email: 'k' } })).body)
  console.log((await api.request('GET', `/readyz`)).body)
  console.log((await api.request('GET', `/docs/`)).status, (await api.request('GET', `/docs`)).headers, (await api.request('GET', `/docs/`)).body.slice(0, 3000))
  console.log((await api.request('GET', `/metrics`)).body.slice(0, 300))
  const doc = (await api.request('GET', `/openapi.json`)).body
  console.log(JSON.stringify(doc.paths["/v3/economies"].post.responses, null, 1), JSON.stringify(doc.components.schemas.Economy, null, 1).slice(0, 1500), Object.keys(doc.components.schemas))
})
