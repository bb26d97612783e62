import { type Result, Wallet } from 'ethers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anchor } from '#adapters/evm/generated/anchor.ts'
import { coGateway } from '#adapters/evm/generated/co-gateway.ts'
import { gateway } from '#adapters/evm/generated/gateway.ts'
import { utilityBrandedToken } from '#adapters/evm/generated/utility-branded-token.ts'
import type { WireBacking, WireUnstake } from '#apps/cli/wire.ts'
import { uuidOfWire } from '#test/support/api.ts'
import {
  accountSlot,
  aSecret,
  done,
  exitDigest,
  HALT_AFTER,
  type Intent,
  prove,
  refusal,
  statusSlot,
  tokenProofAt,
} from '#test/support/gateway-pair.ts'
import {
  type BackedEconomy,
  intentOf,
  RATE,
  startBackedEconomy,
  UNIT,
  type WireStake,
} from './backed-economy.ts'
import { type BlockClock, takeClock } from './block-clock.ts'

/** `MessageStatus` of the bus. */
const [UNDECLARED, DECLARED, PROGRESSED, DECLARED_REVOCATION, REVOKED] = [0n, 1n, 2n, 3n, 4n]
const BOUNTY = UNIT
/** Of the bounty, burned by who takes a stake back. */
const PENALTY = (BOUNTY * 150n) / 100n
const HELD = 100n * UNIT
/** Branded tokens whose redemption the utility chain's halt interrupts. */
const REDEEMED = 10n * UNIT

let backed: BackedEconomy
let clocks: { value: BlockClock; utility: BlockClock }
/** Has tokens on the utility chain, and a key of its own. */
let holder: Wallet
let facilitator: string

beforeAll(async () => {
  // Roots come also when no message waits for one: holders who leave by themselves need them.
  backed = await startBackedEconomy({ ANCHOR_INTERVAL_SECONDS: '1' })
  const { deployer, gateways, anvils, platform } = backed
  const { value, utility } = gateways
  await done(value.grantRole(await value.PAUSER_ROLE(), await deployer.value.getAddress()))
  await done(value.grantRole(await value.REGISTRAR_ROLE(), await deployer.value.getAddress()))
  await done(utility.grantRole(await utility.PAUSER_ROLE(), await deployer.utility.getAddress()))
  holder = new Wallet(Wallet.createRandom().privateKey, backed.providers.utility)
  await (await deployer.utility.sendTransaction({ to: holder.address, value: UNIT })).wait(1, 30_000)
  const [lane] = await platform.sql<{ address: string }>(
    `SELECT address FROM lane WHERE purpose = 'facilitator' AND chain_id = $1`,
    [anvils.value.chainId],
  )
  facilitator = lane?.address ?? ''
  clocks = { value: await takeClock(anvils.value), utility: await takeClock(anvils.utility) }
}, 180_000)
afterAll(async () => {
  await Promise.all([clocks?.value.stop(), clocks?.utility.stop()])
  await backed?.close()
})

/** Everything that money could have got into, or out of. */
async function books() {
  const { ost, staker, gateways } = backed
  const [vault, supply, ofStaker, burned, ofFacilitator] = await Promise.all([
    backed.vault(),
    backed.supply(),
    ost.balanceOf(staker.address),
    ost.balanceOf(await gateways.value.BURNER()),
    ost.balanceOf(facilitator),
  ])
  return { ...vault, supply, ofStaker, burned, ofFacilitator }
}

async function statuses({ message_hash }: WireStake) {
  const { value, utility } = backed.gateways
  return [await value.outboxStatus(message_hash), await utility.inboxStatus(message_hash)]
}

/** Confirmed, and held there: the utility chain mints nothing meanwhile. */
async function confirmedStake(amount: bigint): Promise<WireStake> {
  await done(backed.gateways.utility.pause())
  const stake = await backed.stake({ amount: `${amount}`, bounty: `${BOUNTY}` })
  await backed.untilStake(stake.id, 'confirmed')
  return stake
}

/** Calls that the facilitator has made for a stake, in order. */
async function callsFor(stake: WireStake): Promise<string[]> {
  const rows = await backed.platform.sql<{ to_address: string; calldata: Buffer; status: string }>(
    `SELECT s.to_address, s.calldata, s.status FROM chain_submission s JOIN gateway_message m ON m.id = $1
     WHERE s.kind = 'gateway_call' AND s.created_at >= m.created_at ORDER BY s.created_at`,
    [uuidOfWire(stake.id)],
  )
  return rows.map(({ calldata, status }) => `${nameOf(calldata)} ${status}`)
}

function nameOf(calldata: Buffer): string {
  const data = `0x${calldata.toString('hex')}`
  const call = gateway.interface.parseTransaction({ data }) ?? coGateway.interface.parseTransaction({ data })
  if (call?.name !== 'multicall') return call?.name ?? 'unknown'
  // A proof of the gateway comes with the call that needs it.
  const last = (call.args[0] as string[]).at(-1) ?? '0x'
  return nameOf(Buffer.from(last.slice(2), 'hex'))
}

describe('replays', () => {
  it('the same signature, handed in twice at once and once more later, stakes once', async () => {
    const { inside, platform } = backed
    const before = await books()
    const stake = await backed.prepare({ amount: `${HELD / RATE}`, beneficiary: holder.address })
    const handIn = { signature: await backed.sign(stake) }
    const submit = async () => inside.post<WireStake>(`/v3/stakes/${stake.id}/submit`, handIn)
    await Promise.all([submit(), submit()])
    await backed.untilStake(stake.id, 'completed')
    expect((await submit()).status).toBe('completed')
    expect(await callsFor(stake)).toEqual(
      ['stakeWithAuthorization', 'confirmStake', 'progressMint', 'progressStake'].map(
        (name) => `${name} confirmed`,
      ),
    )
    const after = await books()
    expect(after).toEqual({
      ...before,
      staked: before.staked + HELD / RATE,
      held: before.held + HELD / RATE,
      supply: before.supply + HELD,
      ofStaker: before.ofStaker - HELD / RATE,
    })

    // Whoever reads the chains has all of it, and sends the same bytes again.
    const rows = await platform.sql<{ chain_id: string; to_address: string; calldata: Buffer }>(
      `SELECT chain_id, to_address, calldata FROM chain_submission WHERE kind = 'gateway_call' ORDER BY created_at`,
    )
    expect(rows.length).toBe(4)
    for (const { chain_id, to_address, calldata } of rows) {
      const end = Number(chain_id) === backed.anvils.value.chainId ? 'value' : 'utility'
      const call = { to: to_address, data: `0x${calldata.toString('hex')}` }
      const replayed = await backed.deployer[end].call(call).then(
        () => 'accepted',
        () => 'refused',
      )
      expect([nameOf(calldata), replayed]).toEqual([nameOf(calldata), 'refused'])
    }
    expect(await books()).toEqual(after)
  }, 180_000)
})

describe('a stake that is taken back', () => {
  it('before it is confirmed: refunded but for bounty and penalty, to the unit, and never minted', async () => {
    const before = await books()
    const stake = await backed.prepare({ amount: `${10n * UNIT}`, bounty: `${BOUNTY}` })
    await backed.platform.worker.stop()
    await backed.send(stake, 'approve', 'stake', 'approve_penalty', 'revoke')
    expect(await statuses(stake)).toEqual([DECLARED_REVOCATION, UNDECLARED])
    await backed.platform.worker.start()
    await backed.untilStake(stake.id, 'revoked')
    const told = async () => (await backed.topicsOf(stake.id)).at(-1)
    await expect.poll(told, { timeout: 20_000, interval: 200 }).toBe('stake.revoked')
    expect(await statuses(stake)).toEqual([REVOKED, REVOKED])
    expect(await books()).toEqual({
      ...before,
      ofStaker: before.ofStaker - BOUNTY - PENALTY,
      burned: before.burned + PENALTY,
      ofFacilitator: before.ofFacilitator + BOUNTY,
    })
  }, 240_000)

  it('after it is confirmed, and after somebody tried a wrong secret on both chains: the same', async () => {
    const { gateways, deployer } = backed
    const before = await books()
    const stake = await confirmedStake(10n * UNIT)
    const wrong = aSecret().secret
    const intent = intentOf(stake)
    expect((await refusal(gateways.utility.progressMint.staticCall(intent, wrong))).name).toBe('WrongSecret')
    expect((await refusal(gateways.value.progressStake.staticCall(intent, wrong))).name).toBe('WrongSecret')
    for (const [end, data] of [
      ['utility', coGateway.encodeCall('progressMint', intent, wrong)],
      ['value', gateway.encodeCall('progressStake', intent, wrong)],
    ] as const) {
      const to = await gateways[end].getAddress()
      const sent = await deployer[end].sendTransaction({ to, data, gasLimit: 1_000_000 })
      await expect(sent.wait(1, 60_000)).rejects.toMatchObject({ code: 'CALL_EXCEPTION' })
    }
    expect(await statuses(stake)).toEqual([DECLARED, DECLARED])
    expect((await backed.stakeOf(stake.id)).status).toBe('confirmed')

    await backed.send(stake, 'approve_penalty', 'revoke')
    await backed.untilStake(stake.id, 'revoked')
    await done(gateways.utility.unpause())
    expect(await statuses(stake)).toEqual([REVOKED, REVOKED])
    expect(await books()).toEqual({
      ...before,
      ofStaker: before.ofStaker - BOUNTY - PENALTY,
      burned: before.burned + PENALTY,
      ofFacilitator: before.ofFacilitator + BOUNTY,
    })
  }, 240_000)

  it('too late, when it is minted and only the last step is to come: stays a stake, and costs the penalty', async () => {
    const { gateways, staker } = backed
    const before = await books()
    const stake = await confirmedStake(10n * UNIT)
    await backed.send(stake, 'approve_penalty')
    await clocks.value.hold()
    await done(gateways.utility.unpause())
    await untilSent(stake, 'progressStake')
    // Both are waiting for the next block now, and the staker pays more for being first in it.
    const { to = '', data = '' } = stake.transactions['revoke'] ?? {}
    const gwei = 10n ** 9n
    await staker.sendTransaction({
      to,
      data,
      gasLimit: 500_000,
      maxFeePerGas: 500n * gwei,
      maxPriorityFeePerGas: 400n * gwei,
    })
    await clocks.value.mine()
    expect(await statuses(stake)).toEqual([DECLARED_REVOCATION, PROGRESSED])
    clocks.value.run()
    await backed.untilStake(stake.id, 'completed')
    const calls = await callsFor(stake)
    expect(calls.slice(-2)).toEqual(['progressStake reverted', 'progressStakeWithProof confirmed'])
    expect(await books()).toEqual({
      staked: before.staked + 10n * UNIT,
      inFlight: before.inFlight,
      held: before.held + 10n * UNIT,
      supply: before.supply + 10n * UNIT * RATE,
      ofStaker: before.ofStaker - 10n * UNIT - BOUNTY - PENALTY,
      burned: before.burned + PENALTY,
      ofFacilitator: before.ofFacilitator + BOUNTY,
    })
  }, 240_000)
})

describe('a chain that takes the block of a step back', () => {
  it('the value chain, with the stake in it: nothing was built on it, and it is staked and minted once', async () => {
    const before = await books()
    await clocks.value.hold()
    const stake = await backed.stake({ amount: `${3n * UNIT}`, bounty: `${BOUNTY}` })
    await untilSent(stake, 'stakeWithAuthorization')
    await clocks.value.mine()
    expect(await statuses(stake)).toEqual([DECLARED, UNDECLARED])
    await clocks.value.reorg(1)
    expect(await statuses(stake)).toEqual([UNDECLARED, UNDECLARED])
    expect(await callsFor(stake)).toHaveLength(1)
    clocks.value.run()
    await backed.untilStake(stake.id, 'completed')
    expect(await books()).toEqual(staked(before, 3n * UNIT))
    expect(await callsFor(stake)).toHaveLength(4)
  }, 240_000)

  it('the utility chain, with the mint in it: the secret has not left for the value chain, and it is minted once', async () => {
    const { gateways } = backed
    const before = await books()
    const stake = await confirmedStake(4n * UNIT)
    await clocks.utility.hold()
    await gateways.utility.unpause()
    await clocks.utility.mine()
    await untilSent(stake, 'progressMint')
    await clocks.utility.mine()
    expect(await statuses(stake)).toEqual([DECLARED, PROGRESSED])
    await clocks.utility.reorg(1)
    expect(await statuses(stake)).toEqual([DECLARED, DECLARED])
    expect(await backed.supply()).toBe(before.supply)
    expect((await callsFor(stake)).map((call) => call.split(' ')[0])).not.toContain('progressStake')
    clocks.utility.run()
    await backed.untilStake(stake.id, 'completed')
    expect(await books()).toEqual(staked(before, 4n * UNIT))
  }, 240_000)
})

describe('an economy that is closed, on gateways that are paused', () => {
  it('takes no stake, still pays a holder who redeems, and goes on with the stake when it is opened again', async () => {
    const { gateways, token, providers, termsId } = backed
    await done(gateways.value.setClosed(termsId, true))
    await done(gateways.value.pause())
    await done(gateways.utility.pause())
    const before = await books()
    const refused = await backed.stake({ amount: `${7n * UNIT}`, bounty: `${BOUNTY}` })
    await expect
      .poll(async () => (await backed.stakeOf(refused.id)).problem, { timeout: 60_000, interval: 200 })
      .toMatch(/EnforcedPause|EconomyIsClosed/)

    // The holder asks nobody: contracts, and roots that come anyway.
    const { secret, hashLock } = aSecret()
    const beneficiary = Wallet.createRandom().address
    const amount = 40n * UNIT
    const intent = {
      economyId: termsId,
      sender: holder.address,
      beneficiary,
      amount,
      bounty: 0n,
      fee: 0n,
      nonce: 1n << 64n,
      hashLock,
      deadline: 4_000_000_000n,
    }
    const own = coGateway.at(await gateways.utility.getAddress(), holder)
    const ownToken = utilityBrandedToken.at(await token.getAddress(), holder)
    await done(ownToken.approve(await own.getAddress(), amount))
    const declared = await done(own.redeem(intent))
    const height = await rootFrom(declared.blockNumber)
    const slot = statusSlot(await own.redeemHash(intent), 'outbox')
    const proof = await prove(providers.utility, await own.getAddress(), height, slot)
    await done(gateways.value.proveGateway(height, proof.accountProof))
    await done(gateways.value.confirmRedeem(intent, height, proof.storageProof))
    await done(gateways.value.progressUnstake(intent, secret))
    await done(own.progressRedeem(intent, secret))
    expect(await backed.ost.balanceOf(beneficiary)).toBe(amount / RATE)
    const after = await books()
    expect(after).toEqual({
      ...before,
      staked: before.staked - amount / RATE,
      held: before.held - amount / RATE,
      supply: before.supply - amount,
    })
    expect(await statuses(refused)).toEqual([UNDECLARED, UNDECLARED])

    await done(gateways.value.setClosed(termsId, false))
    await done(gateways.value.unpause())
    await done(gateways.utility.unpause())
    await backed.untilStake(refused.id, 'completed')
    expect(await books()).toEqual(staked(after, 7n * UNIT))
  }, 240_000)
})

/** Last, as it gives the utility chain up for good. */
describe('a utility chain that halts', () => {
  it('is left with the value of a balance at its last root, and what was on its way goes back in full', async () => {
    const { gateways, exit, token, providers, anvils, platform, termsId } = backed
    const payee = Wallet.createRandom().address
    const unpaid = await redeemUnseen(payee)
    await clocks.utility.hold()
    await clocks.utility.mine(3)
    const head = await providers.utility.getBlockNumber()
    const height = await rootFrom(head - 2)
    const underWay = await backed.stake({ amount: `${5n * UNIT}`, bounty: `${BOUNTY}` })
    await backed.untilStake(underWay.id, 'declared')

    // Anybody may have kept the chain's state up to its last root; then the chain is gone.
    const tokenAddress = await token.getAddress()
    const coGatewayAddress = await gateways.utility.getAddress()
    const balance = await token.balanceOf(holder.address)
    const inbox = statusSlot(underWay.message_hash, 'inbox')
    const outbox = statusSlot(unpaid.message_hash, 'outbox')
    const [ofToken, ofBalance, ofStake, ofRedemption] = await Promise.all([
      tokenProofAt(providers.utility, tokenAddress, await token.tokenRules(), height),
      prove(providers.utility, tokenAddress, height, accountSlot(holder.address)),
      prove(providers.utility, coGatewayAddress, height, inbox),
      prove(providers.utility, coGatewayAddress, height, outbox),
    ])
    providers.utility.destroy()
    await anvils.utility.stop()

    expect((await refusal(gateways.value.halt.staticCall())).name).toBe('NotHalted')
    await anvils.value.rpc('evm_increaseTime', [HALT_AFTER])
    await clocks.value.mine()
    await done(gateways.value.halt())
    const before = await backed.vault()
    await done(exit.proveToken(termsId, ofToken))
    const recipient = Wallet.createRandom().address
    const claim = { economyId: termsId, holder: holder.address, recipient }
    const digest = exitDigest(await exit.getAddress(), anvils.value.chainId, claim)
    const signature = holder.signingKey.sign(digest).serialized
    const leave = [termsId, holder.address, recipient, signature, ofBalance.storageProof] as const
    await done(exit.exitByKey(...leave))
    expect(balance).toBe(60n * UNIT - REDEEMED)
    expect(await backed.ost.balanceOf(recipient)).toBe(balance / RATE)
    expect((await refusal(exit.exitByKey.staticCall(...leave))).name).toBe('AlreadyLeft')

    const ofStaker = await backed.ost.balanceOf(backed.staker.address)
    await done(gateways.value.proveGateway(height, ofStake.accountProof))
    await done(exit.exitStake(intentOf(underWay), false, ofStake.storageProof))
    expect((await backed.ost.balanceOf(backed.staker.address)) - ofStaker).toBe(5n * UNIT + BOUNTY)
    expect(await gateways.value.outboxStatus(underWay.message_hash)).toBe(REVOKED)
    await done(exit.exitRedeem(redeemIntentOf(unpaid), ofRedemption.storageProof))
    expect(await backed.ost.balanceOf(payee)).toBe(REDEEMED / RATE)
    const left = (balance + REDEEMED) / RATE
    expect(await backed.vault()).toEqual({
      staked: before.staked - left,
      inFlight: 0n,
      held: before.held - left - 5n * UNIT - BOUNTY,
    })
    // The book of the chain that is left goes on.
    await clocks.value.mine(10)
    const observed = async () => (await backed.inside.get<WireBacking>('/v3/token/backing')).observed
    await expect.poll(observed, { timeout: 60_000, interval: 500 }).toMatchObject({
      staked: `${before.staked - left}`,
      in_flight: '0',
    })
    // The service cannot look at the chain that is gone, and need not: the other one says how they ended.
    await backed.untilStake(underWay.id, 'revoked')
    const told = async () => (await backed.topicsOf(underWay.id)).at(-1)
    await expect.poll(told, { timeout: 20_000, interval: 200 }).toBe('stake.revoked')
    const gone = await backed.stakeOf(underWay.id)
    expect([gone.problem, ...gone.steps.map(({ status }) => status)]).toEqual([
      null,
      'done',
      'pending',
      'pending',
      'pending',
    ])
    await lookAt(unpaid, 'now()')
    const unstake = async () => backed.inside.get<WireUnstake>(`/v3/unstakes/${unpaid.id}`)
    const status = async () => (await unstake()).status
    await expect.poll(status, { timeout: 60_000, interval: 250 }).toBe('completed')
    expect((await unstake()).steps).toContainEqual(
      expect.objectContaining({ name: 'unstake', status: 'done' }),
    )
    expect(await platform.sql(`SELECT halt_reason FROM chain WHERE status <> 'active'`)).toEqual([])
  }, 240_000)
})

/** A redemption that its holder declares, and that the facilitator does not get to see before the chain is gone. */
async function redeemUnseen(beneficiary: string): Promise<WireUnstake> {
  const body = { redeemer: holder.address, beneficiary, permit_nonce: '0', amount: `${REDEEMED}` }
  const { worker } = backed.platform
  await worker.stop()
  const unstake = await backed.inside.post<WireUnstake>('/v3/unstakes', body)
  await lookAt(unstake, `now() + interval '1 hour'`)
  await worker.start()
  const { approve, redeem } = unstake.transactions ?? expect.fail('its redeemer has a key')
  for (const { to, data } of [approve, redeem])
    await (await holder.sendTransaction({ to, data })).wait(1, 60_000)
  return unstake
}

/** When the facilitator looks at it next. */
async function lookAt({ id }: WireUnstake, when: string): Promise<void> {
  await backed.platform.sql(`UPDATE gateway_message SET look_at = ${when} WHERE id = $1`, [uuidOfWire(id)])
}

function redeemIntentOf({ transactions }: WireUnstake): Intent {
  const data = transactions?.redeem.data ?? '0x'
  const [intent] = coGateway.interface.decodeFunctionData('redeem', data)
  // The ABI names the fields.
  return (intent as Result).toObject() as Intent
}

/** What a finished stake with the usual bounty makes of the books. */
function staked(before: Awaited<ReturnType<typeof books>>, amount: bigint) {
  return {
    ...before,
    staked: before.staked + amount,
    held: before.held + amount,
    supply: before.supply + amount * RATE,
    ofStaker: before.ofStaker - amount - BOUNTY,
    ofFacilitator: before.ofFacilitator + BOUNTY,
  }
}

/** Waits until the facilitator has sent this call for the stake. */
async function untilSent(stake: WireStake, name: string): Promise<void> {
  await expect
    .poll(async () => callsFor(stake), { timeout: 60_000, interval: 50 })
    .toContain(`${name} broadcast`)
}

/** Height of the newest root of the utility chain that the value chain believes, once it is at least this. */
async function rootFrom(height: number): Promise<bigint> {
  const roots = anchor.at(await backed.gateways.value.STATE_ROOTS(), backed.providers.value)
  const latest = async () => Number((await roots.latest())[0])
  await expect.poll(latest, { timeout: 60_000, interval: 200 }).toBeGreaterThanOrEqual(height)
  return BigInt(await latest())
}
