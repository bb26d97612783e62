import { type Book, EVENTS, type GatewayEvent, type GatewayLog } from '#core/gateway/backing-accounts.ts'
import type { GatewayLogReader } from '#core/gateway/post-backing.ts'
import type { BlockPosition } from '#core/ledger/chain-store.ts'
import { toQuantity } from './bytes.ts'
import { coGateway } from './generated/co-gateway.ts'
import { gateway } from './generated/gateway.ts'
import { asList, asRecord, asText, quantityToNumber } from './read-json.ts'
import type { RpcClient } from './rpc-client.ts'
import { answered, RpcRefused } from './rpc-errors.ts'

/** Blocks whose logs are asked for at once; a range that a node refuses is halved, and halved again. */
const BLOCKS_PER_REQUEST = 10_000

/** The one event that is about no message. */
const EXIT_PAID = 'ExitPaid' satisfies GatewayEvent

type Rpc = Pick<RpcClient, 'batch'>
type Place = Parameters<GatewayLogReader['read']>[0]

/** Reads the gateways' logs over JSON-RPC. @param clientOf Throws RangeError for a chain that is not configured. */
export function createGatewayLogReader(clientOf: (chainId: number) => Rpc): GatewayLogReader {
  return {
    async read(place, from, to) {
      const logs: GatewayLog[] = []
      let size = BLOCKS_PER_REQUEST
      for (let next = from; next <= to.number; ) {
        const last = Math.min(next + size - 1, to.number)
        const found = await readRange(clientOf(place.chainId), place, { from: next, last, to })
        if (found === 'other_fork') return null
        if (found instanceof RpcRefused) {
          if (size === 1) answered(found)
          size = Math.ceil(size / 2)
          continue
        }
        logs.push(...found)
        next = last + 1
      }
      return logs
    },
  }
}

/** The block at the end is asked for in the same breath: with its hash, all before it are the blocks we took for final. */
async function readRange(
  rpc: Rpc,
  { book, chainId, gateway: address, termsId }: Place,
  { from, last, to }: { from: number; last: number; to: BlockPosition },
): Promise<GatewayLog[] | 'other_fork' | RpcRefused> {
  const range = { address, fromBlock: toQuantity(from), toBlock: toQuantity(last) }
  const [end, ...answers] = await rpc.batch([
    { method: 'eth_getBlockByNumber', params: [toQuantity(to.number), false] },
    ...filtersOf(book, termsId).map((topics) => ({ method: 'eth_getLogs', params: [{ ...range, topics }] })),
  ])
  const block = answered(end)
  if (block === null || asRecord(block)['hash'] !== to.hash) return 'other_fork'
  const refusal = answers.find((answer) => answer instanceof RpcRefused)
  if (refusal) return refusal
  return answers
    .flatMap((answer) => asList(answered(answer)))
    .map((log) => ({ ...readLog(book, asRecord(log)), chainId }))
    .sort((left, right) => left.blockNumber - right.blockNumber || left.logIndex - right.logIndex)
}

/** Topics by which the economy's events are found: it is the second thing they name, and the first of those without a message. */
function filtersOf(book: Book, termsId: string): (string | string[] | null)[][] {
  const topicsOf = (events: readonly GatewayEvent[]) => events.map(topicOf)
  const ofMessages = EVENTS[book].filter((event) => event !== EXIT_PAID)
  const filters = [[topicsOf(ofMessages), null, termsId]]
  return book === 'value' ? [...filters, [topicsOf([EXIT_PAID]), termsId]] : filters
}

function topicOf(event: GatewayEvent): string {
  return isOfValue(event) ? gateway.topicOf(event) : coGateway.topicOf(event)
}

function isOfValue(event: GatewayEvent): event is (typeof EVENTS)['value'][number] {
  return EVENTS.value.some((name) => name === event)
}

function readLog(book: Book, log: Record<string, unknown>): Omit<GatewayLog, 'chainId'> {
  const topics = asList(log['topics']).map(asText)
  const event = EVENTS[book].find((name) => topicOf(name) === topics[0])
  if (event === undefined) throw new RangeError(`a node answered with a log of the topic ${topics[0]}`)
  return {
    event,
    ...movedBy(event, { topics, data: asText(log['data']) }),
    blockNumber: quantityToNumber(log['blockNumber']),
    blockHash: asText(log['blockHash']),
    txHash: asText(log['transactionHash']),
    logIndex: quantityToNumber(log['logIndex']),
  }
}

function movedBy(
  event: GatewayEvent,
  log: { topics: string[]; data: string },
): Pick<GatewayLog, 'messageHash' | 'amount'> {
  switch (event) {
    case 'StakeDeclared': {
      const { messageHash, intent } = gateway.decodeEvent(event, log)
      return { messageHash, amount: intent.amount }
    }
    case 'RedeemDeclared': {
      const { messageHash, intent } = coGateway.decodeEvent(event, log)
      return { messageHash, amount: intent.amount }
    }
    case 'Unstaked': {
      const { messageHash, amount } = gateway.decodeEvent(event, log)
      return { messageHash, amount }
    }
    case 'Minted': {
      const { messageHash, amount } = coGateway.decodeEvent(event, log)
      return { messageHash, amount }
    }
    case 'ExitPaid':
      return { messageHash: null, amount: gateway.decodeEvent(event, log).amount }
    case 'StakeProgressed':
    case 'StakeRevoked':
      return { messageHash: gateway.decodeEvent(event, log).messageHash, amount: null }
    case 'RedeemProgressed':
    case 'RedeemRevoked':
      return { messageHash: coGateway.decodeEvent(event, log).messageHash, amount: null }
  }
}
