import { copyFile, mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { foundryBinary } from '../foundry-binary.ts'
import type { Processes, RunningProcess } from './processes.ts'

export type AnvilOptions = {
  name: string
  chainId: number
  port: number
  /** `manual`: a block is mined only when `evm_mine` or `anvil_mine` asks for it. */
  blockTimeSeconds: number | 'manual'
  /** Folder in which the chain outlives a restart; without one it is gone when it stops. */
  dataDir?: string
  /** Without a folder: the last blocks whose state can be read and gone back to. Default 256. */
  statesKept?: number
  hardfork?: string
  /** Turns EIP-7825's cap of 16,777,216 gas per transaction on. Default true, as on real chains. */
  hasTransactionGasCap?: boolean
}

export type Anvil = { rpcUrl: string; process: RunningProcess }

/** Seconds. What a chain killed without warning may lose; asked to stop, it loses nothing. */
const STATE_INTERVAL_SECONDS = 10
const BLOCK_GAS_LIMIT = 200_000_000
/** Bounds what the chain keeps on disk of the states before its last 500 blocks. */
const PERSISTED_STATES_MAX = 1_000
const STATES_KEPT = 256

/**
 * Starts a development chain: the native binary, because the npm wrapper does not pass signals on, and interval mining,
 * because mining a block per transaction takes memory without bound.
 */
export async function startAnvil(processes: Processes, options: AnvilOptions): Promise<Anvil> {
  const { name, chainId, port, blockTimeSeconds, dataDir, hardfork = 'osaka' } = options
  const rpcUrl = `http://127.0.0.1:${port}`
  const args = ['--host', '127.0.0.1', '--port', String(port), '--chain-id', String(chainId)]
  args.push(...(blockTimeSeconds === 'manual' ? ['--no-mining'] : ['--block-time', String(blockTimeSeconds)]))
  args.push('--hardfork', hardfork)
  args.push('--gas-limit', String(BLOCK_GAS_LIMIT))
  if (options.hasTransactionGasCap ?? true) args.push('--enable-tx-gas-limit')
  args.push(...(dataDir === undefined ? pruneArgs(options.statesKept) : await stateArgs(dataDir)))
  const running = await processes.start({
    name,
    command: foundryBinary('anvil'),
    args: [...args, '--quiet'],
    stopSignal: 'SIGINT',
    isReady: async () => (await chainIdAt(rpcUrl)) === chainId,
  })
  return { rpcUrl, process: running }
}

/** Left to itself anvil writes the whole state of every block into the home directory, for ever: gigabytes in minutes of short blocks. */
function pruneArgs(statesKept = STATES_KEPT): string[] {
  return ['--prune-history', String(statesKept)]
}

/**
 * anvil writes its state in place, so being killed in the middle of a write leaves half a file. The last state that could
 * be read at a start is kept beside it.
 */
async function stateArgs(dataDir: string): Promise<string[]> {
  await mkdir(dataDir, { recursive: true })
  const state = join(dataDir, 'state.json')
  const lastGood = join(dataDir, 'state.last-good.json')
  if (await isJson(state)) {
    await copyFile(state, `${lastGood}.partial`)
    await rename(`${lastGood}.partial`, lastGood)
  } else {
    await rm(state, { force: true })
    await copyFile(lastGood, state).catch(() => undefined)
  }
  const keeping = ['--state', state, '--state-interval', String(STATE_INTERVAL_SECONDS)]
  const history = [
    '--cache-path',
    join(dataDir, 'cache'),
    '--max-persisted-states',
    String(PERSISTED_STATES_MAX),
  ]
  return [...keeping, ...history]
}

async function isJson(path: string): Promise<boolean> {
  try {
    JSON.parse(await readFile(path, 'utf8'))
    return true
  } catch {
    return false
  }
}

async function chainIdAt(rpcUrl: string): Promise<number> {
  const response = await fetch(rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] }),
    signal: AbortSignal.timeout(2_000),
  })
  const answer: unknown = await response.json()
  if (typeof answer !== 'object' || answer === null || !('result' in answer)) return Number.NaN
  return Number(answer.result)
}
