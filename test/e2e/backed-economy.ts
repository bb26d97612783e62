import { setTimeout as sleep } from 'node:timers/promises'
import { JsonRpcProvider, NonceManager, type Result, Wallet } from 'ethers'
import { expect } from 'vitest'
import { chainHaltExit } from '#adapters/evm/generated/chain-halt-exit.ts'
import { coGateway } from '#adapters/evm/generated/co-gateway.ts'
import { gateway } from '#adapters/evm/generated/gateway.ts'
import { utilityBrandedToken } from '#adapters/evm/generated/utility-branded-token.ts'
import { valueToken } from '#adapters/evm/generated/value-token.ts'
import { signTypedData } from '#apps/cli/sign-message.ts'
import type { V3Client } from '#apps/cli/v3-client.ts'
import type { WireBacking, WireEconomy, WirePage } from '#apps/cli/wire.ts'
import { DATA_SCOPES } from '#core/tenant/scopes.ts'
import { LOCAL_DEPLOYER_KEY } from '#scripts/stack/settings.ts'
import { uuidOfWire } from '#test/support/api.ts'
import { done, type Intent } from '#test/support/gateway-pair.ts'
import type { TestAnvil } from '#test/support/stack.ts'
import { type BlockClock, takeClock } from './block-clock.ts'
import { startPlatform } from './platform.ts'

export const UNIT = 10n ** 18n
/** Whole branded tokens for a whole value token. */
export const RATE = 100n

/** Until a message on whose way the worker is killed must be through. */
const KILLING_MS_MAX = 120_000

/** What a stake looks like on the wire, as far as these tests read it. */
export interface WireStake {
  id: string
  status: string
  message_hash: string
  problem: string | null
  typed_data: {
    domain: object
    types: Record<string, { name: string; type: string }[]>
    message: Record<string, string>
  }
  transactions: Record<string, { chain_id: number; to: string; data: string }>
  steps: { name: string; status: string; transaction_hash: string | null }[]
}

export type BackedEconomy = Awaited<ReturnType<typeof startBackedEconomy>>

/** A production economy on a chain pair, in the processes that a platform runs, and a wallet that has value tokens to stake. */
export async function startBackedEconomy(env: Record<string, string> = {}) {
  const platform = await startPlatform({ blockTimeSeconds: 0.3, finalityDepth: 2, isPair: true, env })
  const { valueAnvil, anvil: utilityAnvil } = platform
  if (!valueAnvil) throw new Error('a pair has a value chain')
  const value = providerOf(valueAnvil)
  const utility = providerOf(utilityAnvil)
  const staker = new Wallet(Wallet.createRandom().privateKey, value)
  const deployer = {
    value: new NonceManager(new Wallet(LOCAL_DEPLOYER_KEY, value)),
    utility: new NonceManager(new Wallet(LOCAL_DEPLOYER_KEY, utility)),
  }
  const rows = await platform.sql<{ role: 'value' | 'utility'; contracts: Record<string, string> }>(
    'SELECT role, contracts FROM chain',
  )
  const addressOf = (role: 'value' | 'utility', name: string) =>
    rows.find((row) => row.role === role)?.contracts[name] ?? ''
  const ost = valueToken.at(addressOf('value', 'value_token'), deployer.value)
  await done(ost.grant(staker.address, 10_000n * UNIT))
  await (await deployer.value.sendTransaction({ to: staker.address, value: UNIT })).wait(1, 30_000)
  const tenant = await platform.createTenant()
  const economy = await tenant.post<WireEconomy>('/v3/economies', {
    name: 'Backed',
    symbol: 'BACK',
    environment: 'production',
    rate: String(RATE),
  })
  const key = await tenant.post<{ secret: string }>('/v3/api-keys', {
    name: 'Backend',
    environment: 'production',
    economy_id: economy.id,
    scopes: DATA_SCOPES,
  })
  const inside: V3Client = tenant.with({ key: key.secret })
  const { terms_id: termsId } = await inside.get<WireBacking>('/v3/token/backing')
  const gateways = {
    value: gateway.at(addressOf('value', 'gateway'), deployer.value),
    utility: coGateway.at(addressOf('utility', 'co_gateway'), deployer.utility),
  }
  const token = utilityBrandedToken.at(economy.token_address, utility)
  // The worker deploys token and economy in its own time.
  const isRegistered = async () =>
    Promise.all([gateways.value.economyTerms(termsId), gateways.utility.economyTerms(termsId)]).then(
      () => true,
      () => false,
    )
  while (!(await isRegistered())) await sleep(200)
  const stakeOf = async (id: string) => inside.get<WireStake>(`/v3/stakes/${id}`)
  const sign = async ({ typed_data }: WireStake) => signTypedData(staker, typed_data)
  const prepare = async (body: object) =>
    inside.post<WireStake>('/v3/stakes', { staker: staker.address, ...body })

  const untilStake = async (id: string, status: string, timeout = 120_000) =>
    expect.poll(async () => (await stakeOf(id)).status, { timeout, interval: 200 }).toBe(status)

  /** From the first time that a test holds blocks back. */
  let clocks: BlockClock[] | undefined

  return {
    platform,
    tenant,
    economy,
    termsId,
    inside,
    insideKey: key.secret,
    staker,
    deployer,
    anvils: { value: valueAnvil, utility: utilityAnvil },
    providers: { value, utility },
    gateways,
    exit: chainHaltExit.at(addressOf('value', 'chain_halt_exit'), deployer.value),
    ost,
    token,
    stakeOf,
    prepare,
    sign,

    /** Prepared and signed: the service does the rest. */
    async stake(body: object): Promise<WireStake> {
      const stake = await prepare(body)
      await inside.post(`/v3/stakes/${stake.id}/submit`, { signature: await sign(stake) })
      return stake
    },

    /** The staker's own wallet sends these of the stake's transactions, and waits for each. */
    async send(stake: WireStake, ...names: string[]): Promise<void> {
      for (const name of names) {
        const { to, data } = stake.transactions[name] ?? {}
        if (to === undefined || data === undefined) throw new Error(`a stake has no ${name}`)
        await (await staker.sendTransaction({ to, data })).wait(1, 60_000)
      }
    },

    untilStake,

    /** Names of the events that tell of a stake so far, in order. */
    async topicsOf(id: string): Promise<string[]> {
      const path = '/v3/events'
      const { data } = await inside.get<WirePage<{ type: string; data: { id: string } }>>(path, {
        limit: 100,
      })
      const types = data.filter((event) => event.data.id === id).map(({ type }) => type)
      return types.filter((type) => type !== 'stake.stalled')
    },

    /**
     * Kills the worker once in each status that a message comes to, whatever it was doing then, until the message has ended. No
     * block comes while the worker starts, so that no status passes unseen.
     * @returns the statuses in which it was killed
     */
    async killInEachStatus(statusOf: () => Promise<string>): Promise<Set<string>> {
      clocks ??= await Promise.all([takeClock(valueAnvil), takeClock(utilityAnvil)])
      const reached = new Set<string>()
      const deadline = performance.now() + KILLING_MS_MAX
      while (performance.now() < deadline) {
        const status = await statusOf()
        if (status === 'completed' || status === 'revoked') break
        if (reached.has(status)) {
          await sleep(50)
          continue
        }
        reached.add(status)
        for (const clock of clocks) await clock.hold()
        await platform.worker.kill()
        await platform.worker.start()
        for (const clock of clocks) clock.run()
      }
      return reached
    },

    /** The gateways' calls that were sent since a message was prepared. */
    async callsSince(messageId: string): Promise<{ calls: number; reverted: number } | undefined> {
      const [row] = await platform.sql<{ calls: number; reverted: number }>(
        `SELECT count(*)::int AS calls, count(*) FILTER (WHERE s.status = 'reverted')::int AS reverted
         FROM chain_submission s WHERE s.kind = 'gateway_call' AND s.created_at >= (SELECT created_at FROM gateway_message WHERE id = $1)`,
        [uuidOfWire(messageId)],
      )
      return row
    },

    supply: async () => token.totalSupply(),

    /** Base units of the value token: staked and on their way in the gateway's books, and what it has. */
    async vault(): Promise<{ staked: bigint; inFlight: bigint; held: bigint }> {
      const [staked, inFlight] = await gateways.value.vault(termsId)
      return { staked, inFlight, held: await ost.balanceOf(await gateways.value.getAddress()) }
    },

    async close() {
      await Promise.all(clocks?.map(async (clock) => clock.stop()) ?? [])
      value.destroy()
      utility.destroy()
      await platform.close()
    },
  }
}

/** The intent behind a stake, as its own transaction names it. */
export function intentOf({ transactions }: WireStake): Intent {
  const [intent] = gateway.interface.decodeFunctionData('stake', transactions['stake']?.data ?? '0x')
  // The ABI names the fields.
  return (intent as Result).toObject() as Intent
}

function providerOf({ rpcUrl, chainId }: TestAnvil): JsonRpcProvider {
  return new JsonRpcProvider(rpcUrl, chainId, { staticNetwork: true, pollingInterval: 50, cacheTimeout: -1 })
}
