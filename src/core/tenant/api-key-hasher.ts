import type { Environment } from './tenant.ts'

/** A key as its holder sends it, taken apart. */
export interface ParsedApiKey {
  id: string
  environment: Environment
  secret: string
}

/**
 * Port: makes and takes apart keys of the form `ost_test_<id>_<secret>_<checksum>` (`ost_live_` for production).
 * The checksum tells typing errors and foreign strings without a look-up; it proves nothing.
 */
export interface ApiKeyHasher {
  /** A new key for `id` with 32 random bytes of secret, and the hash to keep of it. */
  issue(environment: Environment, id: string): { text: string; hash: Uint8Array }
  /** Null: not one of our keys, or mistyped. */
  parse(text: string): ParsedApiKey | null
  /** Compares in constant time. */
  matches(secret: string, hash: Uint8Array): boolean
}
