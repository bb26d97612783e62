import { setTimeout as sleep } from 'node:timers/promises'
import { startAnvil } from '#scripts/stack/anvil.ts'
import type { Processes, RunningProcess } from '#scripts/stack/processes.ts'
import { type RpcProxy, startRpcProxy } from '#test/support/rpc-proxy.ts'

/** The utility chain's node. The platform reaches it through the proxies only; we ask it directly. */
export interface ChainNode {
  chainId: number
  /** The node itself, for witnesses. */
  nodeUrl: string
  /** What the platform has in its settings, in this order. */
  proxies: readonly RpcProxy[]
  /** Nonces that somebody used with a relayer's key behind the platform's back, by address in lower case. */
  readonly foreignNonces: Map<string, number[]>
  /** Where blocks are mined by hand: milliseconds from one to the next from now on; null: none is mined. */
  pace(blockTimeMs: number | null): void
  /**
   * Where blocks are mined by hand: does `work` while none is being mined. A node that takes blocks back in the middle of mining
   * leaves a hole in its chain.
   */
  betweenBlocks<Result>(work: () => Promise<Result>): Promise<Result>
  /** Where blocks are mined by hand: the base fee of every block from now on, in wei. */
  charge(baseFeePerGas: bigint): void
  /** One JSON-RPC call to the node itself. @throws with the node's message. */
  rpc(method: string, params?: readonly unknown[]): Promise<unknown>
  /** SIGINT: with `keepsState` it writes down what it has. */
  stop(): Promise<void>
  kill(): Promise<void>
  start(): Promise<void>
  freeze(): void
  thaw(): void
  close(): Promise<void>
}

export interface ChainOptions {
  chainId: number
  port: number
  blockTimeSeconds: number
  endpoints: number
  /** Folder in which the chain outlives its node; without one it is gone with it. */
  dataDir?: string
  /** Blocks come from here and not from the node's clock, so that block time and base fee may change. */
  minedByHand?: boolean
}

const TICK_MS = 20

export async function startChainNode(processes: Processes, options: ChainOptions): Promise<ChainNode> {
  const { chainId, port, blockTimeSeconds, endpoints, dataDir, minedByHand = false } = options
  let running: RunningProcess
  const start = async () => {
    const anvil = await startAnvil(processes, {
      name: 'chain',
      chainId,
      port,
      blockTimeSeconds: minedByHand ? 'manual' : blockTimeSeconds,
      ...(dataDir !== undefined && { dataDir }),
    })
    running = anvil.process
  }
  await start()
  const nodeUrl = `http://127.0.0.1:${port}`
  const proxies = await Promise.all(Array.from({ length: endpoints }, () => startRpcProxy(nodeUrl)))
  const miner = minedByHand ? mineByHand(nodeUrl, blockTimeSeconds * 1_000) : undefined
  return {
    chainId,
    nodeUrl,
    proxies,
    foreignNonces: new Map(),
    pace: (blockTimeMs) => miner?.pace(blockTimeMs),
    betweenBlocks: async (work) => (miner ? miner.betweenBlocks(work) : work()),
    charge: (baseFeePerGas) => miner?.charge(baseFeePerGas),
    rpc: (method, params = []) => callNode(nodeUrl, method, params),
    start,
    stop: async () => running.stop(),
    async kill() {
      process.kill(running.pid, 'SIGKILL')
      await running.exited
    },
    freeze: () => void process.kill(running.pid, 'SIGSTOP'),
    thaw: () => void process.kill(running.pid, 'SIGCONT'),
    async close() {
      await miner?.stop()
      await Promise.all(proxies.map((proxy) => proxy.close()))
    },
  }
}

/** A node that is away misses its block. */
function mineByHand(nodeUrl: string, blockTimeMs: number) {
  let paceMs: number | null = blockTimeMs
  let baseFee: bigint | undefined
  let isStopped = false
  let minedAt = performance.now()
  /** One thing at a time. */
  let turn: Promise<unknown> = Promise.resolve()

  async function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = turn.then(work)
    turn = done.catch(() => undefined)
    return done
  }

  async function mine(): Promise<void> {
    if (baseFee !== undefined)
      await callNode(nodeUrl, 'anvil_setNextBlockBaseFeePerGas', [`0x${baseFee.toString(16)}`])
    await callNode(nodeUrl, 'evm_mine', [])
  }

  const mining = (async () => {
    while (!isStopped) {
      await sleep(TICK_MS)
      if (paceMs === null || performance.now() - minedAt < paceMs) continue
      minedAt = performance.now()
      await inTurn(mine).catch(() => undefined)
    }
  })()
  return {
    pace(ms: number | null) {
      paceMs = ms
      minedAt = performance.now()
    },
    betweenBlocks: inTurn,
    charge(baseFeePerGas: bigint) {
      baseFee = baseFeePerGas
    },
    async stop() {
      isStopped = true
      await mining
    },
  }
}

async function callNode(url: string, method: string, params: readonly unknown[]): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  // As JSON-RPC 2.0 specifies it.
  const answer = (await response.json()) as { result?: unknown; error?: { message: string } }
  if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`)
  return answer.result
}
