import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { appCommand, HEAP_ARGUMENTS } from '#scripts/stack/app-command.ts'

const run = promisify(execFile)
const MEGABYTE = 1024 * 1024

describe('appCommand', () => {
  it('bounds the heap of api and worker', async () => {
    const { command, args } = await appCommand('worker')
    expect(args.at(-1)).toMatch(/\/worker\.js$/)
    const bound = `console.log(require('node:v8').getHeapStatistics().heap_size_limit)`
    const { stdout } = await run(command, [...args.slice(0, -1), '-e', bound])
    expect(Number(stdout) / MEGABYTE).toBeGreaterThan(512)
    expect(Number(stdout) / MEGABYTE).toBeLessThan(600)
  })

  it('finds what it compiled at an earlier start', async () => {
    const { command, args } = await appCommand('api')
    const folder = await mkdtemp(join(tmpdir(), 'ost-compiled-'))
    const env = { NODE_COMPILE_CACHE: folder, NODE_DEBUG_NATIVE: 'COMPILE_CACHE' }
    // Without settings it loads everything, says what is missing, and ends.
    const start = async () => run(command, args, { env, maxBuffer: 64 * MEGABYTE }).catch((error) => error)
    await start()
    const { stdout, stderr } = await start()
    expect(stdout + stderr).toContain('DATABASE_URL is not set')
    expect(stdout + stderr).toMatch(/\/api\.js was accepted/)
    await rm(folder, { recursive: true })
  })

  it('is what containers run as well', async () => {
    const dockerfile = await readFile('infra/docker/Dockerfile', 'utf8')
    const [, entryPoint = '[]'] = /^ENTRYPOINT (.*)$/m.exec(dockerfile) ?? []
    expect(JSON.parse(entryPoint)).toEqual(['node', ...HEAP_ARGUMENTS])
    // What is compiled under other bounds is not taken.
    expect(dockerfile).toContain(`node ${HEAP_ARGUMENTS.join(' ')} programs/$program.js`)
    const commands = [...(await readFile('docker-compose.yml', 'utf8')).matchAll(/^ {4}command: \[(.*)\]$/gm)]
    expect(commands.map(([, command]) => command)).toEqual(
      expect.arrayContaining(['scripts/migrate.ts', 'programs/api.js', 'programs/worker.js']),
    )
  })
})
