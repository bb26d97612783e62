import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { exists } from './exists.ts'

/** A browser program, and the environment it needs to find its libraries. */
export type Chromium = { command: string; env: Readonly<Record<string, string>>; origin: string }

export class ChromiumMissing extends Error {
  override readonly name = 'ChromiumMissing'
}

const run = promisify(execFile)
const NAMES = ['chromium', 'chromium-browser', 'google-chrome']
const APT_TIMEOUT_MS = 600_000
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024
const ADVICE = 'install chromium, or put one on PATH'

/** What a browser needs to run without a screen, as root too, and to ask nobody but the page's server. */
export const CHROMIUM_FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/**
 * The browser of browser tests: on PATH, else fetched before, else fetched now from the distribution's packages.
 * @throws ChromiumMissing with one sentence on what to do
 */
export async function findChromium(folder: string, path = process.env['PATH'] ?? ''): Promise<Chromium> {
  for (const name of NAMES) {
    for (const place of path.split(delimiter)) {
      const command = join(place, name)
      if (place !== '' && (await exists(command))) return { command, env: {}, origin: command }
    }
  }
  return (await findUnpacked(folder)) ?? fetchChromium(folder)
}

/** Downloads the package with the libraries this machine lacks and unpacks them into a folder of ours: it needs no root. */
export async function fetchChromium(folder: string): Promise<Chromium> {
  for (const tool of ['apt-get', 'dpkg']) {
    await run(tool, ['--version']).catch((cause: unknown) => {
      throw new ChromiumMissing(`Chromium is missing and cannot be fetched without ${tool}: ${ADVICE}.`, {
        cause,
      })
    })
  }
  await mkdir(folder, { recursive: true })
  const partial = await mkdtemp(join(folder, 'partial-'))
  try {
    await fetchInto(partial)
    await rm(join(folder, 'root'), { recursive: true, force: true })
    await rename(join(partial, 'root'), join(folder, 'root'))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.trim().split('\n').at(-1) : String(cause)
    throw new ChromiumMissing(`Chromium is missing and could not be fetched (${reason}): ${ADVICE}.`, {
      cause,
    })
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
  const found = await findUnpacked(folder)
  if (found === undefined)
    throw new ChromiumMissing(`The distribution's package holds no Chromium that runs: ${ADVICE}.`)
  return found
}

/** First with the package lists this machine has; when they are missing or out of date, with lists of our own. */
async function fetchInto(folder: string): Promise<void> {
  const [lists, cache] = [join(folder, 'apt/lists'), join(folder, 'apt/cache')]
  await mkdir(join(lists, 'partial'), { recursive: true })
  await mkdir(join(cache, 'archives/partial'), { recursive: true })
  try {
    await downloadAndUnpack(folder, [])
  } catch {
    const own = ['-o', `Dir::State::lists=${lists}`, '-o', `Dir::Cache=${cache}`]
    await apt(folder, [...own, 'update'])
    await downloadAndUnpack(folder, own)
  }
}

async function downloadAndUnpack(folder: string, options: readonly string[]): Promise<void> {
  const simulate = ['install', '--simulate', '--no-install-recommends', '--reinstall', 'chromium']
  const { stdout } = await apt(folder, [...options, ...simulate])
  const packages = stdout.split('\n').flatMap((line) => /^Inst (\S+)/.exec(line)?.[1] ?? [])
  const downloads = join(folder, 'packages')
  await rm(downloads, { recursive: true, force: true })
  await mkdir(downloads)
  await apt(downloads, [...options, 'download', ...packages])
  const archives = (await readdir(downloads)).filter((name) => name.endsWith('.deb'))
  for (const archive of archives) await run('dpkg', ['-x', join(downloads, archive), join(folder, 'root')])
}

function apt(cwd: string, args: readonly string[]) {
  return run('apt-get', ['-q', '-o', 'APT::Sandbox::User=root', ...args], {
    cwd,
    timeout: APT_TIMEOUT_MS,
    maxBuffer: OUTPUT_BYTES_MAX,
    env: { ...process.env, LC_ALL: 'C' },
  })
}

/** The program itself: Debian's own start script looks for it in the system's folders. */
async function findUnpacked(folder: string): Promise<Chromium | undefined> {
  const root = join(folder, 'root')
  const command = join(root, 'usr/lib/chromium/chromium')
  const env = { LD_LIBRARY_PATH: (await libraryFolders(root)).join(delimiter) }
  const answers = await run(command, ['--version', '--no-sandbox'], { env: { ...process.env, ...env } }).then(
    () => true,
    () => false,
  )
  return answers ? { command, env, origin: "the distribution's package" } : undefined
}

/** Every folder with libraries in it: some packages keep theirs one level deeper, for programs in the system's own folders. */
async function libraryFolders(root: string): Promise<string[]> {
  const folders = new Set<string>()
  for (const base of ['lib', 'usr/lib']) {
    const entries = await readdir(join(root, base), { withFileTypes: true, recursive: true }).catch(() => [])
    for (const entry of entries) if (/\.so(\.|$)/.test(entry.name)) folders.add(entry.parentPath)
  }
  return [...folders]
}
