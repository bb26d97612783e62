import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { builtPrograms } from '#scripts/stack/programs.ts'

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
    expect(heavyOf(loaded)).toEqual([])
  },
)

it.each(['api', 'worker'])('nor does the %s that is built', async (name) => {
  const loaded = await loadedBy(join(await builtPrograms(), `${name}.js`))
  const sources = await Promise.all(loaded.filter((url) => url.startsWith('file://')).map(sourcesOf))
  expect(sources.flat().some((path) => path.endsWith('src/config.ts'))).toBe(true)
  // In the same file as its only user, as a function that is not called at the start.
  const heavy = heavyOf(sources.flat()).filter((path) => !path.includes('/node_modules/yaml/'))
  expect(heavy).toEqual([])
})

function heavyOf(places: readonly string[]): string[] {
  return places.filter((place) => LATER.some((name) => place.includes(`/node_modules/${name}`)))
}

/** Of a file of a build, as its map tells. */
async function sourcesOf(url: string): Promise<string[]> {
  const text = await readFile(`${fileURLToPath(url)}.map`, 'utf8').catch(() => '{"sources":[]}')
  return (JSON.parse(text) as { sources: string[] }).sources
}
