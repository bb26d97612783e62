import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const ROOT = join(import.meta.dirname, '..')
const SCHEMA = join(ROOT, 'prisma/schema.prisma')
const GENERATED = join(ROOT, 'src/adapters/postgres/generated')
const STAMP = join(GENERATED, '.schema-hash')
const TIMEOUT_MS = 120_000

/** Whether the schema, or Prisma itself, has changed since the client was generated. */
export async function isPrismaStale(): Promise<boolean> {
  return (await readFile(STAMP, 'utf8').catch(() => '')) !== (await schemaHash())
}

/** Generates the Prisma client if it is stale; says whether it was. */
export async function generatePrisma(): Promise<boolean> {
  if (!(await isPrismaStale())) return false
  const hash = await schemaHash()
  const prisma = join(ROOT, 'node_modules/prisma/build/index.js')
  await promisify(execFile)(process.execPath, [prisma, 'generate', '--schema', SCHEMA, '--no-hints'], {
    cwd: ROOT,
    timeout: TIMEOUT_MS,
    // Generating needs no engine, but the command line would download one unless it is told that it has one.
    env: {
      ...process.env,
      PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true',
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
    },
  })
  await access(join(GENERATED, 'client.ts'))
  await mkdir(GENERATED, { recursive: true })
  await writeFile(STAMP, hash)
  return true
}

async function schemaHash(): Promise<string> {
  const parts = await Promise.all([
    readFile(SCHEMA),
    readFile(join(ROOT, 'node_modules/prisma/package.json')),
  ])
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}

if (import.meta.main) {
  console.log(
    (await generatePrisma()) ? 'The Prisma client is generated.' : 'The Prisma client is up to date.',
  )
}
