import { Type } from 'typebox'
import { ECONOMY_STATUSES } from '#core/economy/economy.ts'
import { FIAT_CURRENCIES } from '#core/rule/currency.ts'
import { Address, Id, Nullable, Timestamp, Units } from './common.ts'

export const TokenSchema = Type.Object({
  object: Type.Literal('token'),
  economy_id: Id('eco'),
  economy_status: Type.Enum([...ECONOMY_STATUSES]),
  name: Type.String(),
  symbol: Type.String(),
  decimals: Type.Integer({ description: 'One whole token is 10^decimals base units.' }),
  chain_id: Type.Integer(),
  address: { ...Address, description: "The token's contract (ERC-20)." },
  rules_address: { ...Address, description: 'The contract through which managed wallets move.' },
  supply: { ...Units, description: 'Base units in circulation, as of last_indexed_block.' },
  rates: Type.Array(
    Type.Object({
      currency: Type.Enum([...FIAT_CURRENCIES]),
      price: Type.String(),
      as_of: Timestamp,
    }),
    { description: 'What one whole token is worth, by the latest price points.' },
  ),
  company: Type.Object({
    user_id: Id('usr'),
    address: Address,
    settled: Units,
    held: Units,
    available: Units,
  }),
  last_indexed_block: Nullable(
    Type.Integer({ description: 'The last block of the chain that balances contain.' }),
  ),
})
