import { createEconomyContracts } from '#adapters/evm/economy-contracts.ts'
import { parseChainContracts } from '#core/chain/contracts.ts'
import { fakeChain } from '#test/support/fake-chain.ts'
import { describeFaucet } from './faucet.ts'

const chain = fakeChain()
const contracts = parseChainContracts(chain.contracts)
if (!contracts) throw new Error('the fake chain has contracts')

const onChain = { chainId: 31_002, faucetAddress: contracts.sandboxFaucet }
const faucet = createEconomyContracts({
  contractsOf: () => contracts,
  clientOf: () => {
    throw new Error('writing a call needs no node')
  },
})

describeFaucet('of the EVM', faucet, onChain)
describeFaucet('of the fake chain', chain.faucet, onChain)
