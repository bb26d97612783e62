import type { ChainContracts } from '#core/chain/contracts.ts'
import type { Backing } from '#core/gateway/backing.ts'
import type { EconomyContracts } from '#core/economy/economy-contracts.ts'
import { bytesToHex, hexToBytes, uuidToBytes32 } from './bytes.ts'
import { economyFactory as factory } from './generated/economy-factory.ts'
import { coGateway } from './generated/co-gateway.ts'
import { gateway } from './generated/gateway.ts'
import { sandboxFaucet as faucet } from './generated/sandbox-faucet.ts'
import { utilityBrandedToken } from './generated/utility-branded-token.ts'
import { asText } from './read-json.ts'
import type { RpcClient } from './rpc-client.ts'
import { answered, RpcRefused } from './rpc-errors.ts'

/** Two clones, their roles and the token's texts: 478,000 with a short name, 792,000 with one of 200 bytes (at most 400). */
const CREATE_GAS_LIMIT = 1_500_000n
/** The first mint of a token through the faucet: 108,000. */
const GRANT_GAS_LIMIT = 300_000n

/**
 * An economy's contracts over JSON-RPC.
 *
 * @param contractsOf The platform's contracts per chain id; throws where there are none.
 * @param clientOf The chain's client; `grantCall` needs none.
 */
export function createEconomyContracts(options: {
  contractsOf: (chainId: number) => ChainContracts
  clientOf: (chainId: number) => Pick<RpcClient, 'batch'>
}): EconomyContracts {
  const { contractsOf, clientOf } = options
  return {
    async createCall({ chainId, economyId, name, symbol, decimals, operator, minter }) {
      const { economyFactory, sandboxFaucet } = contractsOf(chainId)
      const platform = await platformOf(clientOf(chainId), economyFactory)
      const call = factory.encodeCall('createEconomy', {
        economyId: bytesToHex(uuidToBytes32(economyId)),
        name,
        symbol,
        decimals: BigInt(decimals),
        owner: platform,
        admin: platform,
        operators: [operator],
        minter: minter ?? sandboxFaucet,
      })
      return { to: economyFactory, calldata: hexToBytes(call), gasLimit: CREATE_GAS_LIMIT }
    },

    async areCreated(chainId, { token, tokenRules }) {
      const codes = await clientOf(chainId).batch(
        [token, tokenRules].map((address) => ({ method: 'eth_getCode', params: [address, 'latest'] })),
      )
      return codes.every((code) => asText(answered(code)) !== '0x')
    },

    registerCall(side, backing) {
      const terms = termsOf(backing)
      const [to, call] =
        side === 'value'
          ? [backing.gateway, gateway.encodeCall('registerEconomy', terms)]
          : [
              backing.coGateway,
              coGateway.encodeCall('registerEconomy', terms, mintCapacityOf(backing), MINT_WINDOW_SECONDS),
            ]
      return { to, calldata: hexToBytes(call), gasLimit: REGISTER_GAS_LIMIT }
    },

    async isRegistered(side, backing) {
      const isValue = side === 'value'
      const client = clientOf(isValue ? backing.valueChainId : backing.utilityChainId)
      const to = isValue ? backing.gateway : backing.coGateway
      const data = gateway.encodeCall('economyTerms', backing.termsId)
      const [terms] = await client.batch([{ method: 'eth_call', params: [{ to, data }, 'latest'] }])
      // It refuses what it does not know; a node that refuses for a reason of its own is asked again by the next look.
      return !(terms instanceof RpcRefused)
    },

    async supply(chainId, token) {
      const result = await read(clientOf(chainId), token, utilityBrandedToken.encodeCall('totalSupply'))
      return result === '0x' ? 0n : BigInt(result)
    },

    async granted(chainId, token) {
      const { sandboxFaucet } = contractsOf(chainId)
      const result = await read(clientOf(chainId), sandboxFaucet, faucet.encodeCall('granted', token))
      return faucet.decodeResult('granted', result)
    },

    grantCall(chainId, token, to, amount) {
      return {
        to: contractsOf(chainId).sandboxFaucet,
        calldata: hexToBytes(faucet.encodeCall('grant', token, to, amount)),
        gasLimit: GRANT_GAS_LIMIT,
      }
    },

    grantedAmount,
  }
}

/** `grant(token, to, amount)`: the last of its words. */
export function grantedAmount(calldata: Uint8Array): bigint {
  return BigInt(bytesToHex(calldata.slice(-32)))
}

/** Whole tokens that an economy may mint in a window when its limit is not changed (docs/protocol.md): what a stolen anchor could. */
const MINT_CAPACITY = 1_000_000_000n
const MINT_WINDOW_SECONDS = 86_400n
/** Terms in storage, and on the utility chain the look at the token: 330,000. */
const REGISTER_GAS_LIMIT = 600_000n

function mintCapacityOf({ utilityDecimals }: Backing): bigint {
  return MINT_CAPACITY * 10n ** BigInt(utilityDecimals)
}

function termsOf(backing: Backing) {
  const { valueToken, utilityToken, rate, holderFactory, holderInitCodeHash } = backing
  return {
    valueToken,
    valueDecimals: BigInt(backing.valueDecimals),
    utilityDecimals: BigInt(backing.utilityDecimals),
    rateDecimals: BigInt(backing.rateDecimals),
    utilityToken,
    rate,
    holderFactory,
    holderInitCodeHash,
  }
}

type Rpc = Pick<RpcClient, 'batch'>

/** The platform's own address, which owns the factory: the owner and first admin of every economy's token rules. */
async function platformOf(rpc: Rpc, economyFactory: string): Promise<string> {
  const result = await read(rpc, economyFactory, factory.encodeCall('defaultAdmin'))
  return factory.decodeResult('defaultAdmin', result)
}

async function read(rpc: Rpc, to: string, data: string): Promise<string> {
  const [result] = await rpc.batch([{ method: 'eth_call', params: [{ to, data }, 'latest'] }])
  return asText(answered(result))
}
