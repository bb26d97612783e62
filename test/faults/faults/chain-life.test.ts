import { expect, it } from 'vitest'
import { Random } from '#scripts/simulate/random.ts'
import { dropPooled } from './chain-life.ts'

/** As anvil does it: what a block is being made of is shown as pooled until that is there, and mined whatever is dropped meanwhile. */
function nodeThatMines(taken: readonly string[], next: readonly string[]) {
  let pool = [...taken]
  let isMining = true
  const dropped: string[] = []
  return {
    dropped,
    async rpc(method: string, [hash]: readonly unknown[] = []) {
      if (method === 'txpool_content')
        return {
          pending: { '0xrelayer': Object.fromEntries(pool.map((one, nonce) => [nonce, { hash: one }])) },
        }
      if (isMining || !pool.includes(String(hash))) return null
      pool = pool.filter((one) => one !== hash)
      dropped.push(String(hash))
      return hash
    },
    async betweenBlocks<Result>(work: () => Promise<Result>) {
      isMining = false
      pool = [...next]
      return work()
    },
  }
}

it('drops what waits for the next block, and nothing that a block is being made of', async () => {
  const node = nodeThatMines(['0xa', '0xb'], ['0xc', '0xd', '0xe'])
  const count = await dropPooled(node, new Random('pool'))
  expect(count).toBe(node.dropped.length)
  expect(node.dropped[0]).toBe('0xc')
  expect(node.dropped).not.toContain('0xa')
})

it('waits for another one when what was shown is not there any more', async () => {
  const node = nodeThatMines([], ['0xc'])
  let isGone = true
  const late = {
    ...node,
    rpc: async (method: string, params?: readonly unknown[]) => {
      if (method !== 'anvil_dropTransaction' || !isGone) return node.rpc(method, params)
      isGone = false
      return null
    },
  }
  expect(await dropPooled(late, new Random('pool'))).toBe(1)
  expect(node.dropped).toEqual(['0xc'])
})
