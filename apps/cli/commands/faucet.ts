import type { Command } from 'commander'
import { leaf, option, required } from '../command.ts'
import { fields } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { showTokens, toUnits } from '../units.ts'
import type { WireBacking, WireValueGrant } from '../wire.ts'

interface FaucetOptions {
  address: string
  amount?: string
}

const COIN_DECIMALS = 18

/** Value tokens of a sandbox, for who wants to stake with a wallet of their own. */
export function faucetCommand(terminal: Terminal): Command {
  return leaf<FaucetOptions>(terminal, {
    name: 'faucet',
    plane: 'data',
    description: "Get value tokens of the sandbox, with coin for gas, to stake them for the key's economy.",
    options: [
      required('--address <address>', 'who is given, on the value chain'),
      option('--amount <tokens>', 'whole value tokens; left out: 10000, the most'),
    ],
    examples: ['faucet --address 0x8ba1f109551bd432803012645ac136ddd64dba72 --amount 1000'],
    async run({ session, show }, { address, amount }) {
      const { value_token_decimals: decimals } = await session.economy.get<WireBacking>('/v3/token/backing')
      const grant = await session.economy.post<WireValueGrant>('/v3/value-grants', {
        address,
        ...(amount !== undefined && { amount: toUnits(amount, decimals, '--amount') }),
      })
      show(
        grant,
        fields({
          granted: `${showTokens(grant.amount, decimals)} of ${grant.value_token}`,
          gas: `${showTokens(grant.gas_wei, COIN_DECIMALS)} coins`,
          to: `${grant.address} on chain ${grant.value_chain_id}, in one of the next blocks`,
        }),
      )
    },
  })
}
