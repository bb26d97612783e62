import { setTimeout as sleep } from 'node:timers/promises'
import { JsonRpcProvider, Wallet } from 'ethers'
import { valueToken } from '#adapters/evm/generated/value-token.ts'
import { ENDED } from '#apps/cli/commands/follow-message.ts'
import { CommandFailed } from '#apps/cli/errors.ts'
import { signStake } from '#apps/cli/sign-message.ts'
import { createV3Client, type V3Client } from '#apps/cli/v3-client.ts'
import { waitForEconomy } from '#apps/cli/wait-for-economy.ts'
import type { WireBacking, WireEconomy, WirePage, WireStake } from '#apps/cli/wire.ts'
import { ensureKey } from './seed-demo.ts'

/** What `npm start` keeps of the demo's second economy. */
export type BackedDemo = { economy_id: string; api_key: string }

export type SeedBacked = {
  apiUrl: string
  /** Of the demo's tenant. */
  tenantKey: string
  /** What an earlier start kept. */
  known?: BackedDemo
  /** A node of the value chain. */
  value: { rpcUrl: string; chainId: number }
  /** A development key that may grant OST of the sandbox: it stakes what it has granted itself. */
  stakerKey: string
}

const ECONOMY = { name: 'Demo Roastery', symbol: 'ROAST', environment: 'production', rate: '10' } as const
/** Whole OST. */
export const DEMO_STAKE = 1_000n
const OST = 10n ** 18n
const POLL_MS = 500
/** Four steps, each final before the next. */
const TIMEOUT_MS = 300_000
const CONFIRM_TIMEOUT_MS = 60_000

/**
 * Makes the demo's economy of `environment: production`, whose token is minted for a stake and for nothing else: OST of the sandbox
 * is granted to a development key, which signs one stake. Over HTTP, as any integrator would. A second run changes nothing, and
 * one that was cut short is continued.
 * @throws CommandFailed when the stake takes too long; it goes on by itself.
 */
export async function seedBacked(options: SeedBacked): Promise<BackedDemo> {
  const client = createV3Client({ url: options.apiUrl, key: options.tenantKey })
  try {
    const economy = await ensureEconomy(client)
    const api_key = await ensureKey(client, economy, options.known?.api_key)
    const inside = client.with({ key: api_key })
    if (economy.status === 'deploying') {
      await ensureStake(inside, options)
      await waitForEconomy(client, economy.id, undefined, TIMEOUT_MS)
    }
    await untilObserved(inside)
    return { economy_id: economy.id, api_key }
  } finally {
    await client.close()
  }
}

async function ensureEconomy(tenant: V3Client): Promise<WireEconomy> {
  const { data } = await tenant.get<WirePage<WireEconomy>>('/v3/economies', { limit: 100 })
  const found = data.find(({ symbol }) => symbol === ECONOMY.symbol)
  if (found === undefined) return tenant.post<WireEconomy>('/v3/economies', ECONOMY)
  if (found.status !== 'failed') return found
  await tenant.post(`/v3/economies/${found.id}/retry`)
  return { ...found, status: 'deploying' }
}

/** The stake of an earlier start, if it did not end in vain, else a new one. */
async function ensureStake(economy: V3Client, options: SeedBacked): Promise<void> {
  const staker = new Wallet(options.stakerKey)
  const { data } = await economy.get<WirePage<WireStake>>('/v3/stakes', { limit: 100 })
  const open = data.find(({ status }) => status === 'completed' || !ENDED.has(status))
  const stake =
    open ??
    (await economy.post<WireStake>('/v3/stakes', {
      staker: staker.address,
      amount: (DEMO_STAKE * OST).toString(),
    }))
  if (stake.status !== 'awaiting_signature') return
  await ensureOst(options, stake.value_token)
  await signStake(economy, staker, stake)
}

async function ensureOst({ value, stakerKey }: SeedBacked, token: string): Promise<void> {
  const provider = new JsonRpcProvider(value.rpcUrl, value.chainId, {
    staticNetwork: true,
    pollingInterval: 200,
  })
  try {
    const staker = new Wallet(stakerKey, provider)
    const ost = valueToken.at(token, staker)
    if ((await ost.balanceOf(staker.address)) >= DEMO_STAKE * OST) return
    await (await ost.grant(staker.address, DEMO_STAKE * OST)).wait(1, CONFIRM_TIMEOUT_MS)
  } finally {
    provider.destroy()
  }
}

/** Until the backing that the API shows has the stake in it. */
async function untilObserved(economy: V3Client): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS
  for (;;) {
    const { observed } = await economy.get<WireBacking>('/v3/token/backing')
    if (observed !== null && BigInt(observed.staked) > 0n) return
    if (performance.now() > deadline)
      throw new CommandFailed('The stake of the demo is not seen in the vault yet. It goes on by itself.')
    await sleep(POLL_MS)
  }
}
