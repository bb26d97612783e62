import { createHash, type Hash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Plugin } from 'rolldown'
import { exists } from './exists.ts'
import { ROOT } from './settings.ts'

/** Our processes as they run: each one's modules in a few files, for to find and read a thousand took longer than all the rest of a start. */
export const PROGRAMS = { api: 'apps/api/main.ts', worker: 'apps/worker/main.ts' } as const

/** What decides how a build comes out. */
const SOURCES = ['apps', 'packages', 'src', 'scripts/stack/programs.ts', 'package.json', 'package-lock.json']
const BUILDS = join(ROOT, '.local/programs')
const KEPT_MS = 24 * 3_600_000

let ofThisProcess: Promise<string> | undefined

/** The folder with `api.js` and `worker.js`, built from the present sources unless that was done before. */
export function builtPrograms(): Promise<string> {
  return (ofThisProcess ??= findOrBuild())
}

async function findOrBuild(): Promise<string> {
  const folder = join(BUILDS, await digestOf(SOURCES))
  if (await exists(folder)) {
    await utimes(folder, new Date(), new Date())
    return folder
  }
  const unfinished = join(BUILDS, `unfinished-${randomUUID()}`)
  try {
    await buildPrograms(unfinished)
    // Another process may have been first: what it has built is the same.
    await rename(unfinished, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
  await removeOld()
  return folder
}

/** @param folder absolute; made where it is not there. */
export async function buildPrograms(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  // Needed for a build only, and takes a tenth of a second to load.
  const { rolldown } = await import('rolldown')
  const bundle = await rolldown({
    cwd: ROOT,
    input: PROGRAMS,
    platform: 'node',
    plugins: [keepingPlaces],
    // Of packages that would like another one and do without.
    onLog: () => undefined,
  })
  await bundle.write({ dir: folder, format: 'esm', keepNames: true, sourcemap: true })
  await bundle.close()
}

/**
 * Modules go on reading what lies beside them from where it lies: their own place is written into them. So a build belongs to its
 * checkout.
 */
const keepingPlaces: Plugin = {
  name: 'keeping-places',
  transform: {
    filter: { code: /import\.meta\.(?:url|dirname)|__(?:dir|file)name/ },
    handler(code, id) {
      if (/\b(?:const|let|var)\s+__(?:dir|file)name\b/.test(code)) return null
      const places: Record<string, string> = {
        'import.meta.url': pathToFileURL(id).href,
        'import.meta.dirname': dirname(id),
        __dirname: dirname(id),
        __filename: id,
      }
      const named = /(?<!['"\w.])(?:import\.meta\.(?:url|dirname)|__(?:dir|file)name)(?!['"\w])/g
      return { code: code.replaceAll(named, (name) => JSON.stringify(places[name])) }
    },
  },
}

async function digestOf(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const path of paths) await addTo(hash, path)
  return hash.digest('hex').slice(0, 16)
}

async function addTo(hash: Hash, path: string): Promise<void> {
  const place = join(ROOT, path)
  if (!(await stat(place)).isDirectory()) {
    hash.update(`${path}\0`).update(await readFile(place))
    return
  }
  for (const name of (await readdir(place)).toSorted()) {
    if (name !== 'node_modules') await addTo(hash, join(path, name))
  }
}

/** A process that runs may still load a part of its build, so only those go that nobody has started from for a day. */
async function removeOld(): Promise<void> {
  for (const name of await readdir(BUILDS)) {
    const folder = join(BUILDS, name)
    const found = await stat(folder).catch(() => undefined)
    if (found && Date.now() - found.mtimeMs > KEPT_MS) await rm(folder, { recursive: true, force: true })
  }
}
