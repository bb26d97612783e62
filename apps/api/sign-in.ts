import { createAccessTokens } from '#adapters/crypto/access-tokens.ts'
import { createPasswordHasher } from '#adapters/crypto/password-hasher.ts'
import type { Sealer } from '#adapters/crypto/sealer.ts'
import { secretTokens } from '#adapters/crypto/secret-tokens.ts'
import type { Database } from '#adapters/postgres/database.ts'
import {
  createFindInvitation,
  createFindRefreshToken,
  createFindSession,
  createFindSignIn,
} from '#adapters/postgres/session-store.ts'
import { createSignInGuard } from '#adapters/postgres/sign-in-guard.ts'
import { createTokenKeyStore } from '#adapters/postgres/token-key-store.ts'
import type { AccessTokens } from '#core/session/access-tokens.ts'
import type { FindSession } from '#core/session/authenticate-session.ts'
import type { PasswordHasher, SecretTokens } from '#core/session/password.ts'
import type { FindInvitation, FindRefreshToken, FindSignIn } from '#core/session/session-store.ts'
import type { SignInGuard } from '#core/session/sign-in-guard.ts'
import type { Ids } from '#core/shared/clock.ts'

/** What people sign in with. */
export interface SignInParts {
  passwords: PasswordHasher
  secretTokens: SecretTokens
  accessTokens: AccessTokens
  signInGuard: SignInGuard
  findSignIn: FindSignIn
  findRefreshToken: FindRefreshToken
  findInvitation: FindInvitation
  findSession: FindSession
}

export function createSignInParts(deps: {
  database: Database
  sealer: Sealer
  ids: Ids
  /** The API's public address. */
  issuer: string
}): SignInParts {
  const { database, sealer, ids, issuer } = deps
  return {
    passwords: createPasswordHasher(),
    secretTokens,
    accessTokens: createAccessTokens({ store: createTokenKeyStore(database), sealer, ids, issuer }),
    signInGuard: createSignInGuard(database),
    findSignIn: createFindSignIn(database),
    findRefreshToken: createFindRefreshToken(database),
    findInvitation: createFindInvitation(database),
    findSession: createFindSession(database),
  }
}
