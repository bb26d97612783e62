import { randomUUID } from 'node:crypto'
import { Wallet } from 'ethers'
import { beforeAll, describe, expect, it } from 'vitest'
import { V2_BY_DEVICE, type Value } from '#test/support/ost-endpoints.ts'
import { type Params, type TestDevice, useOstV2 } from '#test/support/ost-v2.ts'

const ctx = useOstV2()
let device: TestDevice
beforeAll(async () => {
  device = await ctx.register(ctx.economy.userIds[0] ?? '')
})

const ORDERS = V2_BY_DEVICE.filter(([method]) => method === 'POST').map(
  ([, path, { params = {} }]) => [path, params] as const,
)
const ask = (path: string, params: Readonly<Record<string, Value>>) =>
  ctx.callAs(device, 'POST', path.replace(':user_id', device.userId), {
    ...params,
    once: randomUUID(),
  } as Params)
const refusal = (status: number, parameter: string) => ({
  status,
  body: { success: false, err: { error_data: [{ parameter }] } },
})

/** What a device orders its user's wallet to do. Until users have wallets, it is checked and goes no further. */
describe.each(ORDERS)('POST %s', (path, params) => {
  it('422 user_id: there is no wallet that could do it', async () => {
    const answer = await ask(path, params)
    expect(answer).toMatchObject({
      ...refusal(422, 'user_id'),
      body: { err: { code: 'UNPROCESSABLE_ENTITY' } },
    })
  })

  it.each(Object.keys(params))('400: names %s where it is wrong', async (name) => {
    const wrong = Array.isArray(params[name]) ? ['not an address'] : 'wrong'
    expect(await ask(path, { ...params, [name]: wrong })).toMatchObject(refusal(400, name))
  })

  // Sessions may be added later, one by one.
  it.each(Object.keys(params).filter((name) => name !== 'session_addresses'))(
    '400: names %s where it is missing',
    async (name) => {
      const { [name]: _missing, ...rest } = params
      expect(await ask(path, rest)).toMatchObject(refusal(400, name))
    },
  )

  it('401: the business’s server cannot order it', async () => {
    const url = path.replace(':user_id', device.userId)
    expect(await ctx.call('POST', url, { ...params, once: randomUUID() } as Params)).toMatchObject(
      refusal(401, 'api_signature_kind'),
    )
  })
})

it('five sessions at most are opened by an activation', async () => {
  const [, params] = ORDERS.find(([path]) => path.endsWith('/activate-user')) ?? expect.unreachable()
  const addresses = (count: number) => Array.from({ length: count }, () => Wallet.createRandom().address)
  const path = '/users/:user_id/activate-user'
  expect(await ask(path, { ...params, session_addresses: addresses(5) })).toMatchObject(
    refusal(422, 'user_id'),
  )
  expect(await ask(path, { ...params, session_addresses: addresses(6) })).toMatchObject(
    refusal(400, 'session_addresses'),
  )
})

it('a device is not recovered to itself', async () => {
  const [, params] = ORDERS.find(([path]) => path.endsWith('/initiate-recovery')) ?? expect.unreachable()
  const same = { ...params, new_device_address: params['old_device_address'] ?? '' }
  expect(await ask('/users/:user_id/devices/initiate-recovery', same)).toMatchObject(
    refusal(400, 'new_device_address'),
  )
})
