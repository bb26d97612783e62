import { Wallet } from 'ethers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { WireUnstake } from '#apps/cli/wire.ts'
import { OVERDUE_AFTER_SECONDS } from '#core/gateway/message.ts'
import { done } from '#test/support/gateway-pair.ts'
import { type BackedEconomy, startBackedEconomy, UNIT } from './backed-economy.ts'

const BOUNTY = UNIT
/** Seconds. The least that a message may be valid for. */
const VALID_FOR = 300
/** `MessageStatus` of the bus. */
const REVOKED = 4n

let backed: BackedEconomy
/** The same key on both chains, with tokens to redeem. */
let owner: Wallet

beforeAll(async () => {
  backed = await startBackedEconomy()
  const { deployer, gateways } = backed
  owner = backed.staker
  await done(
    gateways.utility.grantRole(await gateways.utility.PAUSER_ROLE(), await deployer.utility.getAddress()),
  )
  await (await deployer.utility.sendTransaction({ to: owner.address, value: UNIT })).wait(1, 30_000)
}, 300_000)
afterAll(async () => backed?.close())

it('what is in time is minted, and the service and both gateways agree on what is overdue', async () => {
  const { value, utility } = backed.gateways
  expect(await value.OVERDUE_AFTER()).toBe(BigInt(OVERDUE_AFTER_SECONDS))
  expect(await utility.OVERDUE_AFTER()).toBe(BigInt(OVERDUE_AFTER_SECONDS))
  const body = { amount: `${50n * UNIT}`, beneficiary: owner.address, valid_for_seconds: VALID_FOR }
  const stake = await backed.stake(body)
  await backed.untilStake(stake.id, 'completed')
}, 150_000)

it('a stake that could not be minted in time goes back without a penalty, however often the facilitator is killed', async () => {
  const { gateways, ost, anvils, stakeOf } = backed
  const burner = await gateways.value.BURNER()
  const read = async () => ({
    ofStaker: await ost.balanceOf(owner.address),
    burned: await ost.balanceOf(burner),
    supply: await backed.supply(),
    ...(await backed.vault()),
  })
  const before = await read()
  await done(gateways.utility.pause())
  const body = { amount: `${10n * UNIT}`, bounty: `${BOUNTY}`, valid_for_seconds: VALID_FOR }
  const stake = await backed.stake(body)
  await backed.untilStake(stake.id, 'confirmed')
  await anvils.value.rpc('evm_increaseTime', [VALID_FOR + OVERDUE_AFTER_SECONDS])
  const reached = await backed.killInEachStatus(async () => (await stakeOf(stake.id)).status)
  await backed.untilStake(stake.id, 'revoked')
  await done(gateways.utility.unpause())

  expect([...reached]).toEqual(['confirmed', 'revoking'])
  expect(await gateways.value.outboxStatus(stake.message_hash)).toBe(REVOKED)
  expect(await gateways.utility.inboxStatus(stake.message_hash)).toBe(REVOKED)
  expect(await read()).toEqual({ ...before, ofStaker: before.ofStaker - BOUNTY })
  // Declared, confirmed, and the three of the revocation: nothing of it was sent a second time.
  expect(await backed.callsSince(stake.id)).toEqual({ calls: 5, reverted: 0 })
  const states = ['created', 'signed', 'declared', 'confirmed', 'revoking', 'revoked']
  await expect
    .poll(async () => backed.topicsOf(stake.id), { timeout: 20_000, interval: 200 })
    .toEqual(states.map((state) => `stake.${state}`))
}, 300_000)

it('redemptions that nobody confirmed in time go back, whether the service says so first or a stranger', async () => {
  const { inside, platform, gateways, token, ost, anvils, deployer, providers } = backed
  const before = { tokens: await token.balanceOf(owner.address), supply: await backed.supply() }
  const beneficiary = Wallet.createRandom().address
  const prepare = async () =>
    inside.post<WireUnstake>('/v3/unstakes', {
      redeemer: owner.address,
      beneficiary,
      permit_nonce: '0',
      amount: `${10n * UNIT}`,
      bounty: `${BOUNTY}`,
      valid_for_seconds: VALID_FOR,
    })
  const unstakes = [await prepare(), await prepare()]
  await platform.worker.stop()
  const wallet = owner.connect(providers.utility)
  for (const { transactions } of unstakes)
    for (const { to, data } of transactions ? [transactions.approve, transactions.redeem] : [])
      await (await wallet.sendTransaction({ to, data })).wait(1, 30_000)
  await anvils.utility.rpc('evm_increaseTime', [VALID_FOR + OVERDUE_AFTER_SECONDS])
  const { to, data } = unstakes[0]?.transactions?.revoke ?? expect.fail('its redeemer has a key')
  const stranger = deployer.utility
  await expect
    .poll(async () =>
      stranger.call({ to, data }).then(
        () => 'taken',
        () => 'refused',
      ),
    )
    .toBe('taken')
  await (await stranger.sendTransaction({ to, data })).wait(1, 30_000)
  await platform.worker.start()

  for (const { id } of unstakes) {
    const status = async () => (await inside.get<WireUnstake>(`/v3/unstakes/${id}`)).status
    await expect.poll(status, { timeout: 120_000, interval: 250 }).toBe('revoked')
  }
  expect(await token.balanceOf(owner.address)).toBe(before.tokens - 2n * BOUNTY)
  expect(await token.balanceOf(await gateways.utility.BURNER())).toBe(0n)
  expect(await token.balanceOf(await gateways.utility.getAddress())).toBe(0n)
  expect(await ost.balanceOf(beneficiary)).toBe(0n)
  expect(await backed.supply()).toBe(before.supply)
  // Confirmed and ended both; taken back by the service only what nobody else had taken back.
  expect(await backed.callsSince(unstakes[0]?.id ?? '')).toEqual({ calls: 7, reverted: 0 })
}, 300_000)
