/** The platform's contracts on one utility chain. Lower-case hex with 0x; `holderInitCodeHash` is 32 bytes of hex. */
export interface ChainContracts {
  economyFactory: string
  tokenHolderFactory: string
  tokenHolder: string
  sandboxFaucet: string
  utilityBrandedToken: string
  tokenRules: string
  holderInitCodeHash: string
}

const ADDRESS = /^0x[0-9a-f]{40}$/
const HASH = /^0x[0-9a-f]{64}$/

/**
 * Reads the `contracts` column of a chain. Null while nothing is deployed there (the empty object).
 * @throws TypeError naming the entry that is missing or malformed.
 */
export function parseChainContracts(value: unknown): ChainContracts | null {
  if (typeof value !== 'object' || value === null)
    throw new TypeError('the contracts of a chain are not an object')
  const entries: Readonly<Record<string, unknown>> = { ...value }
  if (Object.keys(entries).length === 0) return null
  const read = (key: string, form: RegExp): string => {
    const entry = entries[key]
    const text = typeof entry === 'string' ? entry.toLowerCase() : ''
    if (!form.test(text)) throw new TypeError(`the contracts of a chain have no valid ${key}`)
    return text
  }
  return {
    economyFactory: read('economy_factory', ADDRESS),
    tokenHolderFactory: read('token_holder_factory', ADDRESS),
    tokenHolder: read('token_holder', ADDRESS),
    sandboxFaucet: read('sandbox_faucet', ADDRESS),
    utilityBrandedToken: read('utility_branded_token', ADDRESS),
    tokenRules: read('token_rules', ADDRESS),
    holderInitCodeHash: read('holder_init_code_hash', HASH),
  }
}
