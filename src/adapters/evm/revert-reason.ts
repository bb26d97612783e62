import type { Interface } from 'ethers'
import { anchor } from './generated/anchor.ts'
import { coGateway } from './generated/co-gateway.ts'
import { economyFactory } from './generated/economy-factory.ts'
import { gateway } from './generated/gateway.ts'
import { sandboxFaucet } from './generated/sandbox-faucet.ts'
import { tokenHolder } from './generated/token-holder.ts'
import { tokenHolderFactory } from './generated/token-holder-factory.ts'
import { tokenRules } from './generated/token-rules.ts'
import { utilityBrandedToken } from './generated/utility-branded-token.ts'
import { valueToken } from './generated/value-token.ts'

/** Everything that a call of ours may revert with: an error passes through the contracts above the one that threw it. */
const CONTRACTS = [
  tokenRules,
  utilityBrandedToken,
  sandboxFaucet,
  economyFactory,
  tokenHolderFactory,
  tokenHolder,
  gateway,
  coGateway,
  anchor,
  valueToken,
]

/** Those that a business may meet, in words. */
const WORDS: Readonly<Record<string, string>> = {
  EnforcedPause: 'the token rules of the economy are paused',
  AccessControlUnauthorizedAccount: 'the relayer has no right to this call',
  MalformedBatch: 'the batch is malformed',
  GrantCapExceeded: 'the grant is above what one grant of the sandbox faucet may be',
  TotalCapExceeded: 'the grant is above what is left of the sandbox faucet for this token',
  EconomyExists: 'the economy was created before',
}

/** A revert's bytes in words, with the error and its arguments; null when they name no error we know. */
export function decodeRevertReason(data: string | null): string | null {
  if (data === null || data.length < 10) return null
  for (const contract of CONTRACTS) {
    const reason = decodeWith(contract.interface, data)
    if (reason !== null) return reason
  }
  return null
}

function decodeWith(codec: Interface, data: string): string | null {
  try {
    const error = codec.parseError(data)
    if (!error) return null
    if (error.name === 'Error') return String(error.args[0])
    const call = `${error.name}(${error.args.map(String).join(', ')})`
    const words = WORDS[error.name]
    return words === undefined ? call : `${words}: ${call}`
  } catch {
    // The selector is known, what follows it is not of its form.
    return null
  }
}
