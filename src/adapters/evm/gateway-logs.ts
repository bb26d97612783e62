import { type Book, EVENTS, type GatewayEvent, type GatewayLog } from '#core/gateway/backing-accounts.ts'
import type { GatewayLogReader } from '#core/gateway/post-backing.ts'
import type { BlockPosition } from '#core/ledger/chain-store.ts'
import { BlockVanished } from '#core/ledger/errors.ts'
import { toQuantity } from './bytes.ts'
import { coGateway } from './generated/co-gateway.ts'
import { gateway } from './generated/gateway.ts'
import { type BlockRange, readByParts } from './log-ranges.ts'
import { asList, asRecord, asText, quantityToNumber } from './read-json.ts'
import type { RpcClient } from './rpc-client.ts'
import { answered, RpcRefused } from './rpc-errors.ts'

/** Blocks whose logs are asked for at once. */
const BLOCKS_PER_REQUEST = 10_000

const EVENT_OF: ReadonlyMap<string | undefined, GatewayEvent> = new Map<string, GatewayEvent>([
  ...EVENTS.value.map((event) => [gateway.topicOf(event), event] as const),
  ...EVENTS.utility.map((event) => [coGateway.topicOf(event), event] as const),
])

type Rpc = Pick<RpcClient, 'batch'>
type Place = Parameters<GatewayLogReader['read']>[0]

/** Reads the gateways' logs over JSON-RPC. @param clientOf Throws RangeError for a chain that is not configured. */
export function createGatewayLogReader(clientOf: (chainId: number) => Rpc): GatewayLogReader {
  return {
    async read(place, from, to) {
      try {
        return await readByParts({ first: from, last: to.number }, BLOCKS_PER_REQUEST, async (part) =>
          readPart(clientOf(place.chainId), place, part, to),
        )
      } catch (error) {
        if (error instanceof BlockVanished) return null
        throw error
      }
    },
  }
}

/**
 * The block at the end of all is asked for in the same breath: with its hash, all before it are the blocks we took for final.
 * @throws BlockVanished when the node's block of that number is another one, or none.
 */
async function readPart(
  rpc: Rpc,
  { book, chainId, gateway: address, termsId }: Place,
  { first, last }: BlockRange,
  to: BlockPosition,
): Promise<GatewayLog[] | null> {
  const range = { address, fromBlock: toQuantity(first), toBlock: toQuantity(last) }
  const [end, ...answers] = await rpc.batch([
    { method: 'eth_getBlockByNumber', params: [toQuantity(to.number), false] },
    ...filtersOf(book, termsId).map((topics) => ({ method: 'eth_getLogs', params: [{ ...range, topics }] })),
  ])
  const block = answered(end)
  if (block === null || asRecord(block)['hash'] !== to.hash)
    throw new BlockVanished(`no block ${to.number} with the hash ${to.hash}`)
  if (first < last && answers.some((answer) => answer instanceof RpcRefused)) return null
  return answers
    .flatMap((answer) => asList(answered(answer)))
    .map((log) => ({ ...readLog(asRecord(log)), chainId }))
    .sort((left, right) => left.blockNumber - right.blockNumber || left.logIndex - right.logIndex)
}

/** Topics by which the economy's events are found: it is the second thing they name, and the first of the one without a message. */
function filtersOf(book: Book, termsId: string): (string | string[] | null)[][] {
  if (book === 'utility') return [[EVENTS.utility.map((event) => coGateway.topicOf(event)), null, termsId]]
  const ofMessages = EVENTS.value.filter((event) => event !== 'ExitPaid')
  return [
    [ofMessages.map((event) => gateway.topicOf(event)), null, termsId],
    [gateway.topicOf('ExitPaid'), termsId],
  ]
}

function readLog(log: Record<string, unknown>): Omit<GatewayLog, 'chainId'> {
  const topics = asList(log['topics']).map(asText)
  const event = EVENT_OF.get(topics[0])
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
