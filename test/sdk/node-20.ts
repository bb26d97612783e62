import { execFile } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
/** What the SDK promises to work in, at the end of its life: nothing newer than this is meant. */
const VERSION = '20.20.2'
const NPM_TIMEOUT_MS = 300_000

/**
 * A Node 20: on PATH, else installed before, else installed now, into a folder of its own. It cannot be a dependency: its program
 * would take the place of ours.
 */
export async function findNode20(folder: string, path = process.env['PATH'] ?? ''): Promise<string> {
  const installed = join(folder, 'node_modules/node/bin/node')
  for (const command of [...path.split(delimiter).map((place) => join(place, 'node')), installed])
    if (await isNode20(command)) return command
  await run(
    'npm',
    ['install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund', `node@${VERSION}`],
    {
      timeout: NPM_TIMEOUT_MS,
    },
  )
  if (await isNode20(installed)) return installed
  throw new Error(`npm installed node@${VERSION}, and it does not run: put a Node 20 on PATH`)
}

async function isNode20(command: string): Promise<boolean> {
  const said = await run(command, ['--version']).catch(() => null)
  return said?.stdout.startsWith('v20.') ?? false
}
