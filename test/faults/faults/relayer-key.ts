import { setTimeout as sleep } from 'node:timers/promises'
import { Transaction, Wallet } from 'ethers'
import { createKeyVault } from '#adapters/crypto/key-vault.ts'
import { bytesToHex } from '#adapters/evm/bytes.ts'
import { either, reached, rose, withAlarm } from '../alarm.ts'
import type { Bed } from '../bed.ts'
import { lengthMs, type Scene } from '../fault.ts'
import type { Finding } from '../finding.ts'

const GWEI = 1_000_000_000n
const FOREIGN_FEE = 50n * GWEI
const FOREIGN_TIP = 5n * GWEI
const MINED_WITHIN_MS = 8_000
const POLL_MS = 50

interface Relayer {
  id: string
  address: string
  keyJwe: string
}

/** Of the busy economy. */
async function relayerOf(bed: Bed, economyId: string): Promise<Relayer> {
  const [row] = await bed.postgres.sql<{ id: string; address: string; key_jwe: string }>(
    'SELECT l.id, l.address, l.key_jwe FROM lane l JOIN economy e ON e.lane_id = l.id WHERE e.id = $1',
    [economyId],
  )
  if (row === undefined) throw new Error('every economy has a lane')
  return { id: row.id, address: row.address, keyJwe: row.key_jwe }
}

async function walletOf(bed: Bed, { id, address, keyJwe }: Relayer): Promise<Wallet> {
  const key = Buffer.from(bed.workerEnv['KEY_ENCRYPTION_KEY'] ?? '', 'base64url')
  return new Wallet(bytesToHex(await createKeyVault({ key }).open(keyJwe, { laneId: id, address })))
}

/** Tries in which somebody else used a nonce. */
const taken = new WeakSet<Scene>()

/** The relayer's key is in other hands, which pay themselves: nonces that we use are used by somebody else. */
export const keyUsedElsewhere = withAlarm(
  {
    id: 'F7',
    name: "somebody else sends with a relayer's key, before us and over us",
    drainedWithinS: 45,
    async inject(bed, random, scene) {
      const relayer = await relayerOf(bed, scene.stage.players[0].economyId)
      const wallet = await walletOf(bed, relayer)
      const times = scene.isFullLength ? 10 : random.between(1, 3)
      for (let time = 0; time < times; time += 1) {
        // Over one of ours where one waits, or behind all of ours.
        if (await useNonce(bed, wallet, random.pick(['latest', 'pending'] as const))) taken.add(scene)
        await sleep(random.between(50, 700))
      }
    },
    async heal() {},
    check: (scene) =>
      taken.has(scene) ? [] : [{ verdict: 'V5', kind: 'mismatch', what: 'nobody else could use the key' }],
  },
  {
    ...either(
      rose('ost_lane_foreign_nonces_total'),
      rose('ost_lane_unknown_nonces_total'),
      rose('ost_chain_submissions_replaced_total'),
    ),
    isDue: (scene) => taken.has(scene),
    // It is noticed when the lane signs its next payment, and nobody pays once the fault is over.
    needsFault: true,
  },
)

/** Until one of ours was slower. @returns whether one was, in time. */
async function useNonce({ chain }: Bed, wallet: Wallet, at: 'latest' | 'pending'): Promise<boolean> {
  const address = wallet.address.toLowerCase()
  const deadline = performance.now() + MINED_WITHIN_MS
  while (performance.now() < deadline) {
    const nonce = Number(await chain.rpc('eth_getTransactionCount', [address, at]))
    const signed = await wallet.signTransaction(
      Transaction.from({
        type: 2,
        chainId: chain.chainId,
        nonce,
        to: address,
        gasLimit: 21_000n,
        maxFeePerGas: FOREIGN_FEE,
        maxPriorityFeePerGas: FOREIGN_TIP,
      }),
    )
    const hash = await chain.rpc('eth_sendRawTransaction', [signed]).catch(() => null)
    if (hash === null || !(await isMined(chain, address, nonce, hash))) continue
    chain.foreignNonces.set(address, [...(chain.foreignNonces.get(address) ?? []), nonce])
    return true
  }
  return false
}

/** Whether it was this one that used the nonce. */
async function isMined(chain: Bed['chain'], address: string, nonce: number, hash: unknown): Promise<boolean> {
  const deadline = performance.now() + MINED_WITHIN_MS
  while (performance.now() < deadline) {
    if ((await chain.rpc('eth_getTransactionReceipt', [hash])) !== null) return true
    const used = Number(await chain.rpc('eth_getTransactionCount', [address, 'latest']))
    if (used > nonce) return (await chain.rpc('eth_getTransactionReceipt', [hash])) !== null
    await sleep(POLL_MS)
  }
  return false
}

const POOR_WEI = 1_000n
const RICH_WEI = 10n ** 20n
const PAUSED_WITHIN_MS = 15_000
const findings = new WeakMap<Scene, Finding[]>()

export const outOfGas = withAlarm(
  {
    id: 'out-of-gas',
    name: "a relayer's account is empty: its holds are kept, and it goes on when it is funded",
    drainedWithinS: 30,
    async inject(bed, random, scene) {
      const { economyId } = scene.stage.players[0]
      const { address, id } = await relayerOf(bed, economyId)
      await setBalance(bed, address, POOR_WEI)
      const deadline = performance.now() + PAUSED_WITHIN_MS
      while (!(await isPaused(bed, id)) && performance.now() < deadline) await sleep(POLL_MS)
      await sleep(lengthMs(scene, random, { full: 10_000, short: [1_200, 2_000] }))
      const whats: string[] = []
      if (!(await isPaused(bed, id))) whats.push('the lane was not paused')
      const released = await releasedHolds(bed, economyId)
      if (released > 0) whats.push(`${released} holds of queued payments were released`)
      findings.set(
        scene,
        whats.map((what) => ({ verdict: 'V2', kind: 'mismatch', what })),
      )
    },
    async heal(bed, scene) {
      const { address } = await relayerOf(bed, scene.stage.players[0].economyId)
      await setBalance(bed, address, RICH_WEI)
    },
    check: (scene) => findings.get(scene) ?? [],
  },
  reached('ost_lanes_paused', 1, { reason: 'out_of_gas' }),
)

async function setBalance({ chain }: Bed, address: string, wei: bigint): Promise<void> {
  await chain.rpc('anvil_setBalance', [address, `0x${wei.toString(16)}`])
}

async function isPaused({ postgres }: Bed, laneId: string): Promise<boolean> {
  const [row] = await postgres.sql<{ pause_reason: string | null }>(
    'SELECT pause_reason FROM lane WHERE id = $1',
    [laneId],
  )
  return row?.pause_reason === 'out_of_gas'
}

/** Accounts that have less held than their live transactions need. */
async function releasedHolds({ postgres }: Bed, economyId: string): Promise<number> {
  const [row] = await postgres.sql<{ released: number }>(
    `SELECT count(*)::int AS released
     FROM (SELECT from_user_id AS id, sum(amount + commission) AS needed FROM transaction_state
           WHERE economy_id = $1 AND status IN ('queued', 'submitted') GROUP BY 1) live
     JOIN account_balance b ON b.economy_id = $1 AND b.id = live.id WHERE b.held < live.needed`,
    [economyId],
  )
  return row?.released ?? 0
}
