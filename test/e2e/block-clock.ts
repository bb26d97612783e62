import { expect } from 'vitest'
import type { TestAnvil } from '#test/support/stack.ts'

const BLOCK_MS = 300

/** Who decides when a chain has its next block: the chain itself no more, but a test. */
export interface BlockClock {
  /** No block comes from now on, but by `mine`. */
  hold(): Promise<void>
  /** Blocks come by themselves again. */
  run(): void
  mine(blocks?: number): Promise<void>
  /** Waits until the node has a transaction that is in no block. Only while it is held. */
  untilPending(): Promise<void>
  /** Replaces the newest blocks by empty ones. Their transactions are gone. */
  reorg(depth: number): Promise<void>
  stop(): Promise<void>
}

export async function takeClock(anvil: TestAnvil): Promise<BlockClock> {
  await anvil.rpc('evm_setIntervalMining', [0])
  let isRunning = true
  let isStopped = false
  let mining: Promise<unknown> = Promise.resolve()
  const tick = async () => {
    while (!isStopped) {
      if (isRunning) {
        mining = anvil.rpc('evm_mine')
        await mining.catch(() => undefined)
      }
      await new Promise((resolve) => setTimeout(resolve, BLOCK_MS))
    }
  }
  const ticking = tick()
  return {
    async hold() {
      isRunning = false
      await mining.catch(() => undefined)
    },
    run() {
      isRunning = true
    },
    async mine(blocks = 1) {
      for (let mined = 0; mined < blocks; mined += 1) await anvil.rpc('evm_mine')
    },
    async untilPending() {
      const pending = async () => {
        // As the JSON-RPC of execution clients specifies it.
        const { pending } = (await anvil.rpc('txpool_status')) as { pending: string }
        return Number(pending)
      }
      await expect.poll(pending, { timeout: 60_000, interval: 50 }).toBeGreaterThan(0)
    },
    async reorg(depth) {
      await anvil.rpc('anvil_reorg', [depth, []])
    },
    async stop() {
      isStopped = true
      await ticking
    },
  }
}
