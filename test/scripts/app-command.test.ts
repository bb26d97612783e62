import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { appCommand, HEAP_ARGUMENTS } from '#scripts/stack/app-command.ts'

const run = promisify(execFile)
const MEGABYTE = 1024 * 1024

describe('appCommand', () => {
  it('bounds the heap of api and worker', async () => {
    const { command, args } = appCommand('worker')
    expect(args.at(-1)).toMatch(/apps\/worker\/main\.ts$/)
    const bound = `console.log(require('node:v8').getHeapStatistics().heap_size_limit)`
    const { stdout } = await run(command, [...args.slice(0, -1), '-e', bound])
    expect(Number(stdout) / MEGABYTE).toBeGreaterThan(512)
    expect(Number(stdout) / MEGABYTE).toBeLessThan(600)
  })

  it('is what containers run as well', async () => {
    const dockerfile = await readFile('infra/docker/Dockerfile', 'utf8')
    const [, entryPoint = '[]'] = /^ENTRYPOINT (.*)$/m.exec(dockerfile) ?? []
    expect(JSON.parse(entryPoint)).toEqual(['node', ...HEAP_ARGUMENTS])
    const commands = [...(await readFile('docker-compose.yml', 'utf8')).matchAll(/^ {4}command: \[(.*)\]$/gm)]
    expect(commands.map(([, command]) => command)).toEqual(
      expect.arrayContaining(['scripts/migrate.ts', 'apps/api/main.ts', 'apps/worker/main.ts']),
    )
  })
})
