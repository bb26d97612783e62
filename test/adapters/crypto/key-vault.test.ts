import { randomBytes } from 'node:crypto'
import { computeAddress, SigningKey } from 'ethers'
import { expect, it } from 'vitest'
import { createKeyVault } from '#adapters/crypto/key-vault.ts'
import { createLaneSigners } from '#adapters/evm/lane-signers.ts'
import { KeyUnreadable } from '#core/chain/key-vault.ts'

const key = randomBytes(32)
const secret = randomBytes(32)
const binding = { laneId: '0190a1b2-0000-7000-8000-000000000001', address: `0x${'ab'.repeat(20)}` }

it('opens what it sealed', async () => {
  const vault = createKeyVault({ key })
  expect(Buffer.from(await vault.open(await vault.seal(secret, binding), binding))).toEqual(secret)
})

it('does not show the key in the envelope', async () => {
  const jwe = await createKeyVault({ key }).seal(secret, binding)
  expect(Buffer.from(jwe).includes(secret)).toBe(false)
  expect(jwe).not.toContain(secret.toString('base64url'))
  expect(jwe).not.toContain(secret.toString('hex'))
})

it.each([
  ['another lane', { ...binding, laneId: '0190a1b2-0000-7000-8000-000000000002' }],
  ['another address', { ...binding, address: `0x${'cd'.repeat(20)}` }],
])('refuses an envelope in the row of %s', async (_what, other) => {
  const vault = createKeyVault({ key })
  await expect(vault.open(await vault.seal(secret, binding), other)).rejects.toThrow(KeyUnreadable)
})

it('refuses an envelope whose binding was edited', async () => {
  const vault = createKeyVault({ key })
  const [header = '', ...rest] = (await vault.seal(secret, binding)).split('.')
  const other = { ...binding, laneId: '0190a1b2-0000-7000-8000-000000000002' }
  const edited = { ...JSON.parse(Buffer.from(header, 'base64url').toString()), lane: other.laneId }
  const forged = [Buffer.from(JSON.stringify(edited)).toString('base64url'), ...rest].join('.')
  await expect(vault.open(forged, other)).rejects.toThrow(KeyUnreadable)
})

it('refuses an envelope of a key that it does not hold, without saying anything of either', async () => {
  const jwe = await createKeyVault({ key: randomBytes(32) }).seal(secret, binding)
  const refusal = createKeyVault({ key }).open(jwe, binding)
  await expect(refusal).rejects.toThrow(/sealed under a key-encryption key we do not hold/)
  await expect(createKeyVault({ key }).open('x', binding)).rejects.toThrow(KeyUnreadable)
})

it('opens older envelopes after a rotation, and says that they are outdated', async () => {
  const old = createKeyVault({ key })
  const jwe = await old.seal(secret, binding)
  const rotated = createKeyVault({ key: randomBytes(32), previousKeys: [key] })
  expect(rotated.isOutdated(jwe)).toBe(true)
  const opened = await rotated.open(jwe, binding)
  const resealed = await rotated.seal(opened, binding)
  expect(rotated.isOutdated(resealed)).toBe(false)
  await expect(old.open(resealed, binding)).rejects.toThrow(KeyUnreadable)
})

it('unlocks a lane once, however many ask at the same time', async () => {
  const vault = createKeyVault({ key })
  const address = computeAddress(new SigningKey(secret)).toLowerCase()
  const lane = {
    id: binding.laneId,
    address,
    keyJwe: await vault.seal(secret, { laneId: binding.laneId, address }),
  }
  let unlockings = 0
  const signers = createLaneSigners({
    keyVault: {
      open: async (jwe, bound) => {
        unlockings += 1
        return vault.open(jwe, bound)
      },
    },
  })
  const all = await Promise.all(Array.from({ length: 500 }, () => signers.of(lane)))
  expect(new Set(all).size).toBe(1)
  expect(unlockings).toBe(1)
})

it('asks again after an unlocking that failed', async () => {
  const vault = createKeyVault({ key })
  const address = computeAddress(new SigningKey(secret)).toLowerCase()
  const lane = {
    id: binding.laneId,
    address,
    keyJwe: await vault.seal(secret, { laneId: binding.laneId, address }),
  }
  let isDown = true
  const signers = createLaneSigners({
    keyVault: {
      open: async (jwe, bound) => {
        if (isDown) throw new Error('the vault is down')
        return vault.open(jwe, bound)
      },
    },
  })
  await expect(signers.of(lane)).rejects.toThrow('the vault is down')
  isDown = false
  await expect(signers.of(lane)).resolves.toBeDefined()
})

it('refuses to sign with a key that is not the key of the address', async () => {
  const vault = createKeyVault({ key })
  const lane = { id: binding.laneId, address: binding.address, keyJwe: await vault.seal(secret, binding) }
  await expect(createLaneSigners({ keyVault: vault }).of(lane)).rejects.toThrow(KeyUnreadable)
})
