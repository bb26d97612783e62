import { InvalidRequest } from '../shared/errors.ts'

/** Characters. Long beats intricate: nothing is asked of what they are. @see NIST SP 800-63B */
export const PASSWORD_LENGTH_MIN = 12
/** Characters. What is hashed has a bound. */
export const PASSWORD_LENGTH_MAX = 256

/** Port: hashes that are slow to guess at. */
export interface PasswordHasher {
  /** @throws Overloaded when too many are being hashed */
  hash(password: string): Promise<string>
  /** Takes the same time without a hash, and is then false. @throws Overloaded */
  matches(password: string, hash: string | null): Promise<boolean>
}

/** Port: tokens of 256 random bits that are shown once; a plain hash is kept. */
export interface SecretTokens {
  issue(kind: TokenKind): { text: string; hash: Uint8Array }
  /** Null: not of this form. */
  hashOf(kind: TokenKind, text: string): Uint8Array | null
}
export type TokenKind = 'refresh' | 'invitation'

/** Refuses a password that is the address itself, or one character again and again. @throws InvalidRequest */
export function refuseWeak(password: string, email: string, pointer: string): void {
  const plain = password.toLowerCase()
  const [name = ''] = email.toLowerCase().split('@', 1)
  const rest = plain.replaceAll(email.toLowerCase(), '').replaceAll(name, '')
  if (rest.length >= PASSWORD_LENGTH_MIN / 2 && new Set(plain).size >= 5) return
  throw new InvalidRequest([{ pointer, detail: 'is easy to guess: use several words' }])
}
