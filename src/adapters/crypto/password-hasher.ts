import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { PasswordHasher } from '#core/session/password.ts'
import { Overloaded } from '#core/shared/errors.ts'

const derive = promisify(argon2)

/**
 * Argon2id as OWASP advises at least: 19 MiB, two passes, one lane; some 30 ms of a core. More would be a lever against ourselves.
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
 */
const COST = { memory: 19_456, passes: 2, parallelism: 1 }
const SALT_BYTES = 16
const TAG_BYTES = 32
/** Hashes at the same time: the others of the thread pool's four are for files and DNS. */
const AT_ONCE = 2
/** Hashes that wait for their turn; whoever comes then is told to come again. */
const WAITING_MAX = 64
const PHC = /^\$argon2id\$v=19\$m=(\d{1,6}),t=(\d{1,2}),p=(\d)\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{43})$/

/** Argon2id of Node's own OpenSSL, kept in PHC form, so that a later cost leaves earlier hashes good (ADR 25). */
export function createPasswordHasher(): PasswordHasher {
  const inTurn = createTurns()

  const tagOf = (password: string, salt: Uint8Array, cost: typeof COST): Promise<Buffer> =>
    inTurn(() =>
      derive('argon2id', {
        // The same password typed on another keyboard is the same bytes.
        message: Buffer.from(password.normalize('NFKC'), 'utf8'),
        nonce: salt,
        tagLength: TAG_BYTES,
        ...cost,
      }),
    )

  return {
    async hash(password) {
      const salt = randomBytes(SALT_BYTES)
      const tag = await tagOf(password, salt, COST)
      const { memory, passes, parallelism } = COST
      return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(tag)}`
    },

    async matches(password, hash) {
      const [, memory, passes, parallelism, salt = '', known = ''] = PHC.exec(hash ?? '') ?? []
      if (memory === undefined) {
        await tagOf(password, randomBytes(SALT_BYTES), COST)
        return false
      }
      const cost = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) }
      const tag = await tagOf(password, Buffer.from(salt, 'base64'), cost)
      return timingSafeEqual(tag, Buffer.from(known, 'base64'))
    },
  }
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '')
}

function createTurns(): <Result>(work: () => Promise<Result>) => Promise<Result> {
  const waiting: (() => void)[] = []
  let running = 0
  return async (work) => {
    if (running < AT_ONCE) running += 1
    else if (waiting.length < WAITING_MAX) await new Promise<void>((resolve) => waiting.push(resolve))
    else throw new Overloaded()
    try {
      return await work()
    } finally {
      // The place is handed on, or free.
      const next = waiting.shift()
      if (next) next()
      else running -= 1
    }
  }
}
