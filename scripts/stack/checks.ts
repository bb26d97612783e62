import { spawn } from 'node:child_process'
import { isAbsolute, join } from 'node:path'
import { foundryBinary } from '../foundry-binary.ts'
import type { Progress } from './progress.ts'
import { ROOT } from './settings.ts'

export type Check = { title: string; command: string; args: readonly string[]; cwd?: string }

export type Outcome = { isOk: boolean; output: string }

const TIMEOUT_MS = 30 * 60_000

export const FORMAT: Check = { title: 'format', command: 'biome', args: ['format'] }
export const LINT: Check = { title: 'lint', command: 'oxlint', args: ['--deny-warnings'] }
export const TYPES: Check = { title: 'types', command: 'tsc', args: [] }
export const SDK_CURRENT: Check = {
  title: 'SDK and API description',
  command: 'node',
  args: ['scripts/generate-sdk.ts', '--check'],
}
export const SOLIDITY_FORMAT: Check = {
  title: 'Solidity format',
  command: foundryBinary('forge'),
  args: ['fmt', '--check'],
  cwd: 'contracts',
}

/** Runs checks one after the other, prints what a failing one said and returns the titles of those that failed. */
export async function runChecks(progress: Progress, checks: readonly Check[]): Promise<string[]> {
  const failed: string[] = []
  for (const check of checks) {
    try {
      await progress.step(check.title, async () => {
        const { isOk, output } = await runTool(check)
        if (!isOk) throw new Error(output)
      })
    } catch (error) {
      failed.push(check.title)
      progress.line(error instanceof Error ? error.message.trimEnd() : String(error))
    }
  }
  return failed
}

/** Runs a program, one in node_modules unless its path is given, and keeps what it says. */
export async function runTool({ command, args, cwd = '.' }: Omit<Check, 'title'>): Promise<Outcome> {
  return run(command, args, cwd, {}, 'keep')
}

/** Runs one of the programs in node_modules in front of the reader. */
export async function showTool(
  { command, args, cwd = '.' }: Omit<Check, 'title'>,
  env: Readonly<Record<string, string>>,
): Promise<boolean> {
  return (await run(command, args, cwd, env, 'show')).isOk
}

function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
  output: 'keep' | 'show',
): Promise<Outcome> {
  return new Promise((resolve) => {
    const stdio = output === 'show' ? ('inherit' as const) : ('pipe' as const)
    const bin = join(ROOT, 'node_modules/.bin')
    const child = spawn(isAbsolute(command) ? command : join(bin, command), args, {
      cwd: join(ROOT, cwd),
      // The programs' first lines ask for `node`: this is the one the project pins.
      env: { ...process.env, ...env, PATH: `${bin}:${process.env['PATH'] ?? ''}` },
      stdio: ['ignore', stdio, stdio],
      timeout: TIMEOUT_MS,
    })
    let text = ''
    const keep = (chunk: Buffer) => {
      text += chunk.toString()
    }
    child.stdout?.on('data', keep)
    child.stderr?.on('data', keep)
    child.once('error', (error) => resolve({ isOk: false, output: error.message }))
    child.once('close', (code) => resolve({ isOk: code === 0, output: text }))
  })
}
