import { createHash } from 'node:crypto'
import type { AddressBook } from '#core/economy/address-book.ts'
import type { Faucet } from '#core/economy/faucet.ts'

/** A chain without a chain: deterministic addresses, and calls that nobody sends. */
export interface FakeChain {
  addressBook: AddressBook
  faucet: Faucet
  /** As the `contracts` column has them. */
  contracts: Record<string, string>
}

const SALT_BYTES = 12

export function fakeChain(): FakeChain {
  const contracts = {
    economy_factory: address('economy_factory'),
    token_holder_factory: address('token_holder_factory'),
    token_holder: address('token_holder'),
    sandbox_faucet: address('sandbox_faucet'),
    utility_branded_token: address('utility_branded_token'),
    token_rules: address('token_rules'),
    holder_init_code_hash: `0x${digest('holder_init_code_hash')}`,
  }
  return {
    contracts,
    addressBook: {
      predictToken: (chainId, economyId) => ({
        token: address('token', chainId, economyId),
        tokenRules: address('rules', chainId, economyId),
      }),
      holderAddress(chainId, token, salt) {
        if (salt.length !== SALT_BYTES) throw new TypeError(`a wallet's salt has ${SALT_BYTES} bytes`)
        return address('holder', chainId, token, Buffer.from(salt).toString('hex'))
      },
    },
    faucet: {
      grantCall: (_chainId, token, to, amount) => ({
        to: contracts.sandbox_faucet,
        calldata: Buffer.from(`${token}:${to}:${amount}`),
        gasLimit: 300_000n,
      }),
      grantedAmount: (calldata) => BigInt(Buffer.from(calldata).toString().split(':').at(-1) ?? ''),
    },
  }
}

function address(...parts: unknown[]): string {
  return `0x${digest(...parts).slice(0, 40)}`
}

function digest(...parts: unknown[]): string {
  return createHash('sha256').update(parts.join('/')).digest('hex')
}
