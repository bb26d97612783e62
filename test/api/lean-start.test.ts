import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const run = promisify(execFile)

/** Prints the address of every module that is loaded, whoever asks for it. */
const TELL = `
import { registerHooks } from 'node:module'
registerHooks({ load: (url, context, next) => (console.log(url), next(url, context)) })`

/** Heavy, and only wanted by some requests. */
const LATER = ['mercurius', 'graphql', 'graphql-jit', 'graphql-ws', '@scalar/', 'yaml', 'prisma', 'solc']

async function loadedBy(main: string): Promise<string[]> {
  const hooks = `data:text/javascript,${encodeURIComponent(TELL)}`
  // Without settings it loads everything, says what is missing, and ends.
  const ended = run(process.execPath, ['--import', hooks, main], { env: {}, maxBuffer: 2 ** 26 })
  const { stdout } = (await ended.catch((error: unknown) => error)) as { stdout: string }
  return stdout.split('\n')
}

it.each(['apps/api/main.ts', 'apps/worker/main.ts'])(
  '%s loads nothing heavy before it is asked for',
  async (main) => {
    const loaded = await loadedBy(main)
    expect(loaded.some((url) => url.endsWith('src/config.ts'))).toBe(true)
    const early = loaded.filter((url) => LATER.some((name) => url.includes(`/node_modules/${name}`)))
    expect(early).toEqual([])
  },
)
