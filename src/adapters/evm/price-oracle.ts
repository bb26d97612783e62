import { formatUnits, parseUnits, SigningKey, TypedDataEncoder, computeAddress } from 'ethers'
import type {
  BlockAt,
  OracleChain,
  OracleReader,
  OracleRecord,
  PricerLimits,
  PriceSigner,
  TokenRate,
} from '#core/oracle/price-oracle.ts'
import { trimZeros } from '#core/rule/currency.ts'
import { hexToBytes } from './bytes.ts'
import { coGateway } from './generated/co-gateway.ts'
import { priceOracle } from './generated/price-oracle.ts'
import { pricerRule } from './generated/pricer-rule.ts'
import { multiSignature } from './multi-signature.ts'
import { asRecord, asText, quantityToBigInt, quantityToNumber } from './read-json.ts'
import type { RpcClient } from './rpc-client.ts'
import { answered } from './rpc-errors.ts'

const PRICE_DECIMALS = 18
/** Gas of `submitPrice`: 67,000 to 84,200 were measured with two signatures, the most when a word is new (docs/gas.md). */
const SUBMIT_GAS = 150_000n
const SIGNATURE_GAS = 20_000n
/** Milliseconds after which a token that nothing was staked for is asked for again. Terms, once there, never change. */
const ASK_AGAIN_MS = 60_000
/** Tokens asked for in one round; the next one goes on. */
const TOKENS_ASKED_MAX = 1_000

type Rpc = Pick<RpcClient, 'call' | 'batch'>

/** Oracles over JSON-RPC. */
export function createOracleReader(clientOf: (chainId: number) => Rpc): OracleReader {
  const limits = new Map<string, PricerLimits>()
  const rates = new Map<string, TokenRate>()
  const unknownSince = new Map<string, number>()

  return {
    async limits(chain) {
      const key = `${chain.chainId} ${chain.pricerRule}`
      const known = limits.get(key)
      if (known) return known
      const [age, deviation] = await readAll(clientOf(chain.chainId), chain.pricerRule, 'latest', [
        pricerRule.encodeCall('MAX_AGE'),
        pricerRule.encodeCall('MAX_DEVIATION_BPS'),
      ])
      const read = {
        maxAgeMs: Number(pricerRule.decodeResult('MAX_AGE', textOf(age))) * 1_000,
        deviationBpsMax: Number(pricerRule.decodeResult('MAX_DEVIATION_BPS', textOf(deviation))),
      }
      limits.set(key, read)
      return read
    },

    newestBlock: async ({ chainId }) => blockAt(clientOf(chainId), 'latest'),

    async finalBlock({ chainId, finalityDepth }) {
      const rpc = clientOf(chainId)
      const head = quantityToNumber(await rpc.call('eth_blockNumber'))
      return blockAt(rpc, `0x${Math.max(0, head - finalityDepth).toString(16)}`)
    },

    async latest(chain, { asset, currency }, block) {
      const call = priceOracle.encodeCall('latestPrice', asset, currencyCode(currency))
      const [result] = await readAll(clientOf(chain.chainId), chain.priceOracle, { blockHash: block.hash }, [
        call,
      ])
      const text = textOf(result)
      // The block is older than the oracle.
      return text === '0x' ? null : toRecord(priceOracle.decodeResult('latestPrice', text))
    },

    async rates(chain, tokens) {
      const keyOf = (token: string) => `${chain.coGateway} ${token}`
      const now = performance.now()
      const asked = tokens
        .filter(
          (token) =>
            !rates.has(keyOf(token)) && (unknownSince.get(keyOf(token)) ?? -Infinity) < now - ASK_AGAIN_MS,
        )
        .slice(0, TOKENS_ASKED_MAX)
      for (const [token, rate] of await askForRates(clientOf(chain.chainId), chain.coGateway, asked)) {
        if (rate) rates.set(keyOf(token), rate)
        else unknownSince.set(keyOf(token), now)
      }
      return new Map(
        tokens.flatMap((token) => {
          const rate = rates.get(keyOf(token))
          return rate ? [[token, rate] as const] : []
        }),
      )
    },
  }
}

/** Signs prices with the feeders' keys of this process, as many as the oracle asks for. @param keys Hex with 0x. */
export function createPriceSigner(keys: readonly string[], clientOf: (chainId: number) => Rpc): PriceSigner {
  const signers = keys.map((key) => ({
    key: new SigningKey(key),
    address: computeAddress(key).toLowerCase(),
  }))
  return {
    async sign(chain, { asset, currency, price, observedAt, expiresAt }) {
      const feeders = await chooseFeeders(clientOf(chain.chainId), chain, signers)
      const signed = {
        asset,
        currency: currencyCode(currency),
        value: parseUnits(price, PRICE_DECIMALS),
        observedAt: seconds(observedAt),
        expiresAt: seconds(expiresAt),
      }
      const domain = {
        name: 'OST KIT Price Oracle',
        version: '1',
        chainId: chain.chainId,
        verifyingContract: chain.priceOracle,
      }
      const digest = TypedDataEncoder.hash(domain, PRICE_TYPES, signed)
      const signatures = multiSignature(
        digest,
        feeders.map(({ key }) => key),
      )
      return {
        to: chain.priceOracle,
        calldata: hexToBytes(priceOracle.encodeCall('submitPrice', signed, signatures)),
        gasLimit: SUBMIT_GAS + SIGNATURE_GAS * BigInt(feeders.length),
      }
    },
  }
}

/** @see contracts/src/PriceOracle.sol */
const PRICE_TYPES = {
  Price: [
    { name: 'asset', type: 'address' },
    { name: 'currency', type: 'bytes3' },
    { name: 'value', type: 'uint256' },
    { name: 'observedAt', type: 'uint64' },
    { name: 'expiresAt', type: 'uint64' },
  ],
}

interface Feeder {
  key: SigningKey
  address: string
}

/** Feeders of the oracle among our keys, as many as it asks for. */
async function chooseFeeders(rpc: Rpc, chain: OracleChain, signers: readonly Feeder[]): Promise<Feeder[]> {
  const [first, ...answers] = await readAll(rpc, chain.priceOracle, 'latest', [
    priceOracle.encodeCall('threshold'),
    ...signers.map(({ address }) => priceOracle.encodeCall('isSigner', address)),
  ])
  const threshold = Number(priceOracle.decodeResult('threshold', textOf(first)))
  const feeders = signers.filter((_, index) => priceOracle.decodeResult('isSigner', textOf(answers[index])))
  if (feeders.length < threshold) {
    throw new Error(
      `the oracle ${chain.priceOracle} of chain ${chain.chainId} asks for ${threshold} feeders, and PRICE_FEEDER_KEYS has the keys of ${feeders.length}`,
    )
  }
  return feeders.slice(0, threshold)
}

async function askForRates(
  rpc: Rpc,
  gateway: string,
  tokens: readonly string[],
): Promise<(readonly [string, TokenRate | null])[]> {
  const ids = await readAll(
    rpc,
    gateway,
    'latest',
    tokens.map((token) => coGateway.encodeCall('economyOf', token)),
  )
  const found = tokens.map(
    (token, index) => [token, coGateway.decodeResult('economyOf', textOf(ids[index]))] as const,
  )
  const known = found.filter(([, id]) => BigInt(id) !== 0n)
  const terms = await readAll(
    rpc,
    gateway,
    'latest',
    known.map(([, id]) => coGateway.encodeCall('economyTerms', id)),
  )
  const rates = new Map(
    known.map(([token], index) => {
      const { valueToken, rate, rateDecimals } = coGateway.decodeResult('economyTerms', textOf(terms[index]))
      return [token, { asset: valueToken.toLowerCase(), rate, rateDecimals: Number(rateDecimals) }] as const
    }),
  )
  return tokens.map((token) => [token, rates.get(token) ?? null] as const)
}

async function blockAt(rpc: Rpc, which: string): Promise<BlockAt> {
  const { number, hash, timestamp } = asRecord(await rpc.call('eth_getBlockByNumber', [which, false]))
  return {
    number: quantityToBigInt(number),
    hash: asText(hash),
    at: new Date(quantityToNumber(timestamp) * 1_000),
  }
}

async function readAll(
  rpc: Rpc,
  to: string,
  at: 'latest' | { blockHash: string },
  calls: readonly string[],
): Promise<unknown[]> {
  if (calls.length === 0) return []
  return rpc.batch(calls.map((data) => ({ method: 'eth_call', params: [{ to, data }, at] })))
}

function textOf(outcome: unknown): string {
  return asText(answered(outcome))
}

function toRecord([value, observedAt, expiresAt, previousValue]: [
  bigint,
  bigint,
  bigint,
  bigint,
]): OracleRecord | null {
  if (value === 0n) return null
  return {
    price: toPrice(value),
    observedAt: new Date(Number(observedAt) * 1_000),
    expiresAt: new Date(Number(expiresAt) * 1_000),
    previousPrice: previousValue === 0n ? null : toPrice(previousValue),
  }
}

function toPrice(value: bigint): string {
  return trimZeros(formatUnits(value, PRICE_DECIMALS))
}

function currencyCode(currency: string): string {
  return `0x${Buffer.from(currency, 'ascii').toString('hex')}`
}

function seconds(moment: Date): bigint {
  return BigInt(Math.floor(moment.getTime() / 1_000))
}
