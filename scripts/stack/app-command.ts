import { join } from 'node:path'
import { builtPrograms, type PROGRAMS } from './programs.ts'
import { ROOT } from './settings.ts'

/**
 * How V8 keeps house in api and worker; the entry point of infra/docker/Dockerfile has the same. Left to itself it makes the heap as
 * large as the machine's memory allows before it looks for garbage. In MB: the first collection of old objects at 96, the next ones when
 * what is alive has grown by about two fifths, because the bound is 512: five times what is alive under load. Young objects have three
 * times 8: with 16 or 32 a balance is read 10 or 30 % slower (they leave the processor's cache), and a transfer gains 5 % or nothing.
 * @see https://nodejs.org/docs/latest-v24.x/api/cli.html#useful-v8-options
 */
export const HEAP_ARGUMENTS = [
  '--initial-old-space-size=96',
  '--max-old-space-size=512',
  '--max-semi-space-size=8',
] as const

/** Where Node keeps what it compiled of api and worker, which is half of a start. The image has its own (infra/docker/Dockerfile). */
export const COMPILE_CACHE = { NODE_COMPILE_CACHE: join(ROOT, '.local/compile-cache') } as const

/** Command and arguments of an api or a worker as production runs them; builds it where that was not done yet. */
export async function appCommand(
  main: keyof typeof PROGRAMS,
  nodeArguments: readonly string[] = [],
): Promise<{ command: string; args: string[] }> {
  const program = join(await builtPrograms(), `${main}.js`)
  return { command: process.execPath, args: [...HEAP_ARGUMENTS, ...nodeArguments, program] }
}
