/**
 * Makes the generated sources when what they come from has changed: the Prisma client (not committed) and the contracts'
 * bindings (committed with the hash of their sources, so that a fresh clone need not compile what is compiled already).
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { glob, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { generatePrisma, isPrismaStale } from './generate-prisma.ts'
import { exists } from './stack/exists.ts'
import { createProgress } from './stack/progress.ts'
import { ROOT } from './stack/settings.ts'

const BINDINGS_SCRIPT = join(ROOT, 'scripts/generate-bindings.ts')
const BINDINGS = join(ROOT, 'src/adapters/evm/generated')
const STAMP = join(BINDINGS, '.sources-hash')
const COMPILED_WITH = [
  '@openzeppelin/contracts',
  '@openzeppelin/contracts-upgradeable',
  '@foundry-rs/forge',
  'solc',
]
/** Compiling every contract with the WebAssembly compiler takes a minute or two on a slow machine. */
const TIMEOUT_MS = 900_000

async function generateBindings(): Promise<void> {
  const hash = await contractsHash()
  await promisify(execFile)(process.execPath, [BINDINGS_SCRIPT], { cwd: ROOT, timeout: TIMEOUT_MS })
  await mkdir(BINDINGS, { recursive: true })
  await writeFile(STAMP, hash)
}

async function areBindingsStale(): Promise<boolean> {
  if (!(await exists(BINDINGS_SCRIPT))) return false
  return (await readFile(STAMP, 'utf8').catch(() => '')) !== (await contractsHash())
}

async function contractsHash(): Promise<string> {
  const files = [BINDINGS_SCRIPT, join(ROOT, 'contracts/foundry.toml')]
  for await (const file of glob(join(ROOT, 'contracts/src/**/*.sol'))) files.push(file)
  const hash = createHash('sha256').update(await compilerVersions())
  for (const file of files.toSorted()) hash.update(file.slice(ROOT.length)).update(await readFile(file))
  return hash.digest('hex')
}

/** What is compiled in besides our sources, and by what. package.json pins exact versions. */
async function compilerVersions(): Promise<string> {
  const { dependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  return COMPILED_WITH.map((name) => `${name}@${dependencies[name]}`).join()
}

if (import.meta.main) {
  const progress = createProgress(process.stderr)
  try {
    if (await isPrismaStale()) await progress.step('Prisma client', generatePrisma)
    if (await areBindingsStale()) await progress.step('contracts compiled', generateBindings)
  } catch (error) {
    const output = error instanceof Error && 'stderr' in error ? String(error.stderr) : ''
    console.error(output || error)
    process.exit(1)
  }
}
