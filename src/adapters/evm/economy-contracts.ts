import { Interface } from 'ethers'
import { ChainUnavailable } from '#core/chain/chain-rpc.ts'
import type { ChainContracts } from '#core/chain/contracts.ts'
import type { EconomyContracts } from '#core/economy/economy-contracts.ts'
import { hexToBytes, uuidToBytes32 } from './bytes.ts'
import { asText } from './read-json.ts'
import type { RpcClient } from './rpc-client.ts'
import { RpcRefused } from './rpc-errors.ts'

/** Two clones, their roles and the token's texts: measured 480,000–620,000 (docs/gas.md). */
const CREATE_GAS_LIMIT = 1_500_000n
/** A mint to a fresh account through the faucet: measured under 130,000. */
const GRANT_GAS_LIMIT = 300_000n

const FACTORY = new Interface([
  'function createEconomy((bytes32 economyId, string name, string symbol, uint8 decimals, address owner, address admin, address[] operators, address minter) params) returns (address token, address tokenRules)',
  'function defaultAdmin() view returns (address)',
])
const FAUCET = new Interface([
  'function grant(address token, address to, uint256 amount)',
  'function granted(address token) view returns (uint256)',
])

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
    async createCall({ chainId, economyId, name, symbol, decimals, operator }) {
      const { economyFactory, sandboxFaucet } = contractsOf(chainId)
      const platform = await readAddress(clientOf(chainId), economyFactory)
      const params = [
        uuidToBytes32(economyId),
        name,
        symbol,
        decimals,
        platform,
        platform,
        [operator],
        sandboxFaucet,
      ]
      return {
        to: economyFactory,
        calldata: hexToBytes(FACTORY.encodeFunctionData('createEconomy', [params])),
        gasLimit: CREATE_GAS_LIMIT,
      }
    },

    async areCreated(chainId, { token, tokenRules }) {
      const codes = await clientOf(chainId).batch(
        [token, tokenRules].map((address) => ({ method: 'eth_getCode', params: [address, 'latest'] })),
      )
      return codes.every((code) => asText(answered(code)) !== '0x')
    },

    async granted(chainId, token) {
      const data = FAUCET.encodeFunctionData('granted', [token])
      const result = await read(clientOf(chainId), contractsOf(chainId).sandboxFaucet, data)
      return BigInt(result)
    },

    grantCall(chainId, token, to, amount) {
      return {
        to: contractsOf(chainId).sandboxFaucet,
        calldata: hexToBytes(FAUCET.encodeFunctionData('grant', [token, to, amount])),
        gasLimit: GRANT_GAS_LIMIT,
      }
    },
  }
}

type Rpc = Pick<RpcClient, 'batch'>

/** The platform's own address, which owns the factory: the owner and first admin of every economy's token rules. */
async function readAddress(rpc: Rpc, factory: string): Promise<string> {
  const result = await read(rpc, factory, FACTORY.encodeFunctionData('defaultAdmin'))
  return asText(FACTORY.decodeFunctionResult('defaultAdmin', result)[0])
}

async function read(rpc: Rpc, to: string, data: string): Promise<string> {
  const [result] = await rpc.batch([{ method: 'eth_call', params: [{ to, data }, 'latest'] }])
  return asText(answered(result))
}

/** A refusal of a plain read says that this node cannot serve us, not that the answer is no. */
function answered(outcome: unknown): unknown {
  if (outcome instanceof RpcRefused)
    throw new ChainUnavailable(`a node refused to read: ${outcome.message}`, { cause: outcome })
  return outcome
}
