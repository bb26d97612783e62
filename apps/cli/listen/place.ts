import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { newSecret } from '#core/webhook/signature.ts'
import { UsageError } from '../errors.ts'
import { type Environment, localDataDir } from '../local-stack.ts'

/** How far a listener has come in an economy's log, and the secret that it signs with. */
export interface Place {
  secret: string
  /** Of the page being forwarded; null: the log's beginning. */
  cursor: string | null
  /** Events of that page that the receiver has taken. */
  taken: string[]
}

/** Where the place of this listener is kept, unless it is said otherwise. */
export function placeFileOf(env: Environment, listener: readonly string[]): string {
  const name = createHash('sha256').update(JSON.stringify(listener)).digest('hex').slice(0, 16)
  return join(localDataDir(env), 'listen', `${name}.json`)
}

/** The place that was kept; undefined where none was. @throws UsageError when the file is not one of ours. */
export async function readPlace(file: string): Promise<Place | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    const { secret, cursor, taken } = JSON.parse(text) as Partial<Place>
    if (typeof secret === 'string' && cursor !== undefined && Array.isArray(taken))
      return { secret, cursor, taken }
  } catch {
    // Said below.
  }
  throw new UsageError(`${file} is no cursor file of this command: name another one, or remove it.`)
}

export function newPlace(): Place {
  return { secret: newSecret(), cursor: null, taken: [] }
}

/** Written beside and moved, so that a listener that is killed leaves the place before or the place after. */
export async function keepPlace(file: string, place: Place): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(`${file}.new`, JSON.stringify(place), { mode: 0o600 })
  await rename(`${file}.new`, file)
}
