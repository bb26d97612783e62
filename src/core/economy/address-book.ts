/** The addresses of an economy's contracts. Lower-case hex with 0x, as everywhere in core. */
export interface TokenAddresses {
  token: string
  tokenRules: string
}

/**
 * Port: addresses that follow from ids alone, so they are known before anything is deployed. Pure computation over the
 * chain's contract addresses: no network call, safe inside a unit of work.
 */
export interface AddressBook {
  /** Where the economy's contracts are, or will be. */
  predictToken(chainId: number, economyId: string): TokenAddresses
  /** The wallet address of the user with this 12-byte salt in the economy of `token`. */
  holderAddress(chainId: number, token: string, salt: Uint8Array): string
}

/** Bytes of a wallet's salt: with the token's 20 bytes they fill the 32 of CREATE2. */
const SALT_BYTES = 12

/** A user's salt: the last 12 bytes of its id, 74 random bits of a UUIDv7 among them. */
export function userSalt(userId: string): Uint8Array {
  return Uint8Array.from(Buffer.from(userId.replaceAll('-', ''), 'hex').subarray(-SALT_BYTES))
}
