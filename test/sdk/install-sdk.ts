import { execFile } from 'node:child_process'
import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from '#scripts/stack/settings.ts'

const run = promisify(execFile)

/**
 * Packs the SDK as it would be published, and unpacks it as an installation would, into the folder's node_modules.
 * @returns the paths inside the package.
 */
export async function installSdk(folder: string): Promise<string[]> {
  const args = ['pack', join(ROOT, 'packages/sdk'), '--pack-destination', folder, '--json', '--silent']
  const { stdout } = await run('npm', args, { cwd: ROOT })
  // What `npm pack --json` prints: one element per package. The build before it may print, too.
  const [packed] = JSON.parse(stdout.slice(stdout.indexOf('['))) as {
    filename: string
    files: { path: string }[]
  }[]
  if (!packed) throw new Error('npm packed nothing')
  await run('tar', ['-xzf', packed.filename], { cwd: folder })
  await mkdir(join(folder, 'node_modules/@ost-kit'), { recursive: true })
  await rename(join(folder, 'package'), join(folder, 'node_modules/@ost-kit/sdk'))
  return packed.files.map(({ path }) => path)
}
