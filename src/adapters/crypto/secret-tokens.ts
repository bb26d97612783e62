import { hash, randomBytes } from 'node:crypto'
import type { SecretTokens, TokenKind } from '#core/session/password.ts'

const PREFIX_OF: Record<TokenKind, string> = { refresh: 'ost_refresh_', invitation: 'ost_invite_' }
const TOKEN_BYTES = 32
const BODY = /^[A-Za-z0-9_-]{43}$/

/** 256 random bits behind a word by which a leaked one is recognised; one round of SHA-256 hides so many. */
export const secretTokens: SecretTokens = {
  issue(kind) {
    const text = `${PREFIX_OF[kind]}${randomBytes(TOKEN_BYTES).toString('base64url')}`
    return { text, hash: hash('sha256', text, 'buffer') }
  },

  hashOf(kind, text) {
    const isOurs = text.startsWith(PREFIX_OF[kind]) && BODY.test(text.slice(PREFIX_OF[kind].length))
    return isOurs ? hash('sha256', text, 'buffer') : null
  },
}
