import { createAddressBook } from '#adapters/evm/address-book.ts'
import { parseChainContracts } from '#core/chain/contracts.ts'
import { fakeChain } from '#test/support/fake-chain.ts'
import { describeAddressBook } from './address-book.ts'

const CHAIN_ID = 31_002
const chain = fakeChain()
const contracts = parseChainContracts(chain.contracts)
if (!contracts) throw new Error('the fake chain has contracts')

describeAddressBook(
  'of the EVM',
  createAddressBook(() => contracts),
  CHAIN_ID,
)
describeAddressBook('of the fake chain', chain.addressBook, CHAIN_ID)
