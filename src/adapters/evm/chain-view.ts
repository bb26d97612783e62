import { FetchRequest, JsonRpcProvider, Network } from 'ethers'
import { ChainUnavailable } from '#core/chain/chain-rpc.ts'
import { toQuantity } from './bytes.ts'
import { readByParts } from './log-ranges.ts'
import { asList, asRecord, asText, quantityToBigInt, quantityToNumber } from './read-json.ts'

/** Milliseconds for one request. */
const TIMEOUT_MS = 30_000
/** Requests for one filter's logs: a range that a node refuses is halved, and halved again. */
const LOG_REQUESTS_MAX = 10_000

/** A block, and the chain it is of. */
export interface BlockRef {
  chainId: number
  number: number
  hash: string
}

export interface ViewedLog {
  topics: string[]
  data: string
}

/** A chain through one node, that nothing but its URL is known of. For tools; workers have `RpcClient`. */
export interface ChainView {
  /** @param depth Blocks below the newest one; null: what the node calls finalized. */
  block(depth: number | null): Promise<BlockRef>
  /** Result of a plain read in the state after the block. @throws RangeError when the contract refuses or is not there. */
  read(at: BlockRef, to: string, data: string): Promise<string>
  /** All logs of the contract up to the block, by their topics. */
  logs(to: BlockRef, address: string, topics: readonly (string | null)[]): Promise<ViewedLog[]>
  close(): void
}

/** @throws ChainUnavailable, as every method does, when the node gives no answer. */
export async function viewChain(url: string): Promise<ChainView> {
  const host = new URL(url).host
  const request = new FetchRequest(url)
  request.timeout = TIMEOUT_MS
  // Only `send` is used, which asks for no network; without a static one the provider would look for it for ever.
  const provider = new JsonRpcProvider(request, Network.from(1), { staticNetwork: true })

  async function ask(method: string, params: unknown[]): Promise<unknown> {
    try {
      return await provider.send(method, params)
    } catch (cause) {
      if (refusalOf(cause) !== undefined) throw cause
      throw new ChainUnavailable(`no answer from the node at ${host}`, { cause })
    }
  }

  try {
    const chainId = quantityToNumber(await ask('eth_chainId', []))
    return { ...viewOf(ask, host, chainId), close: () => provider.destroy() }
  } catch (error) {
    provider.destroy()
    throw error
  }
}

type Ask = (method: string, params: unknown[]) => Promise<unknown>

function viewOf(ask: Ask, host: string, chainId: number): Omit<ChainView, 'close'> {
  return {
    async block(depth) {
      const head = depth === null ? null : quantityToBigInt(await ask('eth_blockNumber', []))
      const number =
        head === null ? 'finalized' : toQuantity(head > BigInt(depth ?? 0) ? head - BigInt(depth ?? 0) : 0n)
      const block = await ask('eth_getBlockByNumber', [number, false]).catch((error: unknown) => {
        if (refusalOf(error) !== undefined) return null
        throw error
      })
      if (block === null) throw new ChainUnavailable(`the node at ${host} has no ${number} block`)
      const { number: height, hash } = asRecord(block)
      return { chainId, number: quantityToNumber(height), hash: asText(hash) }
    },

    async read(at, to, data) {
      const result = await ask('eth_call', [{ to, data }, { blockHash: at.hash }]).catch((error: unknown) => {
        const refusal = refusalOf(error)
        throw refusal === undefined ? error : new RangeError(`${to} on chain ${chainId} refuses: ${refusal}`)
      })
      if (result === '0x') throw new RangeError(`${to} on chain ${chainId} is not the contract it should be`)
      return asText(result)
    },

    async logs(to, address, topics) {
      let left = LOG_REQUESTS_MAX
      return readByParts({ first: 0, last: to.number }, to.number + 1, async ({ first, last }) => {
        left -= 1
        const filter = { address, topics, fromBlock: toQuantity(first), toBlock: toQuantity(last) }
        const found = await ask('eth_getLogs', [filter]).catch((error: unknown) => {
          if (refusalOf(error) !== undefined && first < last && left > 0) return null
          throw error
        })
        return found === null ? null : asList(found).map(toLog)
      })
    },
  }
}

function toLog(value: unknown): ViewedLog {
  const { topics, data } = asRecord(value)
  return { topics: asList(topics).map(asText), data: asText(data) }
}

/** What the node said when it answered with an error; undefined when it did not answer. */
function refusalOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  // Where ethers keeps the node's own error depends on what it took it for.
  const { error: plain, info } = error as { error?: unknown; info?: { error?: unknown } }
  const answer = plain ?? info?.error
  if (typeof answer !== 'object' || answer === null) return undefined
  const { message } = answer as { message?: unknown }
  return typeof message === 'string' ? message : 'no reason given'
}
