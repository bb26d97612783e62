import { setTimeout as delay } from 'node:timers/promises'
import { ChainUnavailable } from '#core/chain/chain-rpc.ts'
import type { BackingFacts } from '#core/gateway/judge-backing.ts'
import type { BlockRef, ChainView } from './chain-view.ts'
import { anchor } from './generated/anchor.ts'
import { coGateway } from './generated/co-gateway.ts'
import { gateway } from './generated/gateway.ts'
import { utilityBrandedToken } from './generated/utility-branded-token.ts'
import { valueToken } from './generated/value-token.ts'

/** `MessageStatus` of the bus. */
const PROGRESSED = 2n
/** Each chain must have passed the block whose root the other one knows: with a node that lags it takes a moment. */
const LOOKS_MAX = 10
const LOOK_AGAIN_MS = 1_000

/** What was read, and where: all that somebody else needs to read the same. */
export interface BackingReading {
  economyId: string
  value: { block: BlockRef; gateway: string; token: string }
  utility: { block: BlockRef; coGateway: string; token: string }
  facts: BackingFacts
}

/**
 * Reads what stands behind a branded token, from the state of one block of each chain and the logs up to them. Nothing is
 * taken on trust but the two nodes: the token names its co-gateway, that one the gateway and its chain, and that one the
 * co-gateway again.
 *
 * @param depth Blocks below the newest that are read; null: what the nodes call finalized.
 * @throws RangeError in words when the token is not one that is backed on the other chain
 * @throws ChainUnavailable when a node gives no answer
 */
export async function readBacking(
  chains: { value: ChainView; utility: ChainView },
  query: { token: string; depth: number | null },
): Promise<BackingReading> {
  for (let look = 1; look <= LOOKS_MAX; look++) {
    const blocks = {
      utility: await chains.utility.block(query.depth),
      value: await chains.value.block(query.depth),
    }
    const pair = await readPair(chains, blocks, query.token)
    if (await knowEachOther(chains, blocks, pair)) return readAt(chains, blocks, pair)
    await delay(LOOK_AGAIN_MS)
  }
  throw new ChainUnavailable(
    'the blocks of one chain stay behind what the other one knows of it: its node lags, or --depth is too large',
  )
}

interface Pair {
  economyId: string
  token: string
  coGateway: string
  gateway: string
  terms: ReturnType<typeof termsOf>
}

type Chains = { value: ChainView; utility: ChainView }
type Blocks = { value: BlockRef; utility: BlockRef }

/** Follows the way from the token to its vault, and back. */
async function readPair({ value, utility }: Chains, blocks: Blocks, token: string): Promise<Pair> {
  const minter = utilityBrandedToken.decodeResult(
    'minter',
    await utility.read(blocks.utility, token, utilityBrandedToken.encodeCall('minter')),
  )
  const here = (data: string) => utility.read(blocks.utility, minter, data)
  const economyId = coGateway.decodeResult(
    'economyOf',
    await here(coGateway.encodeCall('economyOf', token)).catch((cause: unknown) => {
      if (!(cause instanceof RangeError)) throw cause
      throw new RangeError(
        `${token} is minted by ${minter}, which is no co-gateway: nothing is staked for it`,
        { cause },
      )
    }),
  )
  if (BigInt(economyId) === 0n) throw new RangeError(`${token} is not registered at its co-gateway ${minter}`)
  const vault = coGateway.decodeResult('REMOTE_GATEWAY', await here(coGateway.encodeCall('REMOTE_GATEWAY')))
  const chainId = coGateway.decodeResult(
    'REMOTE_CHAIN_ID',
    await here(coGateway.encodeCall('REMOTE_CHAIN_ID')),
  )
  if (chainId !== BigInt(blocks.value.chainId))
    throw new RangeError(
      `the token is backed on chain ${chainId}, the value node is of chain ${blocks.value.chainId}`,
    )
  const there = (data: string) => value.read(blocks.value, vault, data)
  const back = gateway.decodeResult('REMOTE_GATEWAY', await there(gateway.encodeCall('REMOTE_GATEWAY')))
  const backChainId = gateway.decodeResult(
    'REMOTE_CHAIN_ID',
    await there(gateway.encodeCall('REMOTE_CHAIN_ID')),
  )
  if (back !== minter || backChainId !== BigInt(blocks.utility.chainId))
    throw new RangeError(
      `the gateway ${vault} serves ${back} on chain ${backChainId}, not this token's co-gateway`,
    )
  const [halted] = gateway.decodeResult('haltedAt', await there(gateway.encodeCall('haltedAt')))
  if (halted !== 0n)
    throw new RangeError(`the utility chain was given up at its block ${halted}: holders leave by the exit`)
  // An economy is the hash of its terms, so that both gateways have the same or this one has none.
  const terms = termsOf(await there(gateway.encodeCall('economyTerms', economyId)))
  return { economyId, token, coGateway: minter, gateway: vault, terms }
}

function termsOf(result: string) {
  const terms = gateway.decodeResult('economyTerms', result)
  return {
    valueToken: terms.valueToken,
    valueDecimals: Number(terms.valueDecimals),
    utilityDecimals: Number(terms.utilityDecimals),
    rate: terms.rate,
    rateDecimals: Number(terms.rateDecimals),
  }
}

/**
 * Whether each block is as new as the newest root of its chain that the other block knows. Then whatever one side did because
 * of the other is also seen there, and two blocks of different moments can be compared.
 */
async function knowEachOther({ value, utility }: Chains, blocks: Blocks, pair: Pair): Promise<boolean> {
  const rootsOf = async (view: ChainView, at: BlockRef, of: string) => {
    const roots = gateway.decodeResult(
      'STATE_ROOTS',
      await view.read(at, of, gateway.encodeCall('STATE_ROOTS')),
    )
    const [height] = anchor.decodeResult('latest', await view.read(at, roots, anchor.encodeCall('latest')))
    return height
  }
  const [ofUtility, ofValue] = [
    await rootsOf(value, blocks.value, pair.gateway),
    await rootsOf(utility, blocks.utility, pair.coGateway),
  ]
  return ofUtility <= BigInt(blocks.utility.number) && ofValue <= BigInt(blocks.value.number)
}

async function readAt(chains: Chains, blocks: Blocks, pair: Pair): Promise<BackingReading> {
  const { value, utility } = chains
  const { economyId, terms, token } = pair
  const [staked, inFlight] = gateway.decodeResult(
    'vault',
    await value.read(blocks.value, pair.gateway, gateway.encodeCall('vault', economyId)),
  )
  const held = valueToken.decodeResult(
    'balanceOf',
    await value.read(blocks.value, terms.valueToken, valueToken.encodeCall('balanceOf', pair.gateway)),
  )
  const supply = utilityBrandedToken.decodeResult(
    'totalSupply',
    await utility.read(blocks.utility, token, utilityBrandedToken.encodeCall('totalSupply')),
  )
  const stakes = await openMessages(value, blocks.value, pair, 'stake')
  const minted = await finishedAtTarget(utility, blocks.utility, pair.coGateway, stakes)
  const redemptions = await openMessages(utility, blocks.utility, pair, 'redeem')
  const paid = await finishedAtTarget(value, blocks.value, pair.gateway, redemptions)
  return {
    economyId,
    value: { block: blocks.value, gateway: pair.gateway, token: terms.valueToken },
    utility: { block: blocks.utility, coGateway: pair.coGateway, token },
    facts: {
      terms,
      held,
      staked,
      inFlight,
      found: { inFlight: sumOf(stakes), minted: sumOf(minted) },
      supply,
      redeemedSupply: sumOf(paid),
    },
  }
}

interface OpenMessage {
  hash: string
  amount: bigint
}

/** Messages of the economy that are declared at their source and have not ended there. */
async function openMessages(
  view: ChainView,
  at: BlockRef,
  pair: Pair,
  kind: 'stake' | 'redeem',
): Promise<OpenMessage[]> {
  const source = kind === 'stake' ? pair.gateway : pair.coGateway
  const topics =
    kind === 'stake'
      ? (['StakeDeclared', 'StakeProgressed', 'StakeRevoked'] as const).map((name) => gateway.topicOf(name))
      : (['RedeemDeclared', 'RedeemProgressed', 'RedeemRevoked'] as const).map((name) =>
          coGateway.topicOf(name),
        )
  const [declared = [], ...ended] = await Promise.all(
    topics.map((topic) => view.logs(at, source, [topic, null, pair.economyId])),
  )
  const over = new Set(ended.flat().map((log) => log.topics[1]))
  return declared
    .filter((log) => !over.has(log.topics[1]))
    .map((log) => {
      const { messageHash, intent } =
        kind === 'stake'
          ? gateway.decodeEvent('StakeDeclared', log)
          : coGateway.decodeEvent('RedeemDeclared', log)
      return { hash: messageHash, amount: intent.amount }
    })
}

async function finishedAtTarget(
  view: ChainView,
  at: BlockRef,
  target: string,
  messages: readonly OpenMessage[],
): Promise<OpenMessage[]> {
  const statuses = await Promise.all(
    messages.map(async ({ hash }) =>
      gateway.decodeResult(
        'inboxStatus',
        await view.read(at, target, gateway.encodeCall('inboxStatus', hash)),
      ),
    ),
  )
  return messages.filter((_, index) => statuses[index] === PROGRESSED)
}

function sumOf(messages: readonly OpenMessage[]): bigint {
  return messages.reduce((sum, { amount }) => sum + amount, 0n)
}
