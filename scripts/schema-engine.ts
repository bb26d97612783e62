import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils'
import type { MigrationList, SchemaContainer, SchemaEngine } from '@prisma/schema-engine-wasm'
import type { QueryResult } from 'pg'

/**
 * Prisma's own schema engine in its WebAssembly build. The command line downloads a native engine from a host that many
 * networks do not reach; this one comes with `npm ci` and keeps the same `_prisma_migrations` table, so
 * `prisma migrate deploy` and ours may be used in turn.
 */
export const NO_FILTERS = { externalTables: [], externalEnums: [] }

export async function withSchemaEngine<T>(
  databaseUrl: string,
  use: (engine: SchemaEngine) => Promise<T>,
): Promise<T> {
  const { SchemaEngine } = await loadEngine()
  const adapters = new WholeScripts({ connectionString: databaseUrl })
  const datasource = 'datasource db {\n  provider = "postgresql"\n}\n'
  try {
    const engine = await SchemaEngine.new(
      { datamodels: [['schema.prisma', datasource]] },
      () => undefined,
      bindMigrationAwareSqlAdapterFactory(adapters),
    )
    return await use(engine)
  } finally {
    // Also gives the engine's own advisory lock back, which would keep the next one waiting.
    await adapters.close()
  }
}

export interface Script {
  /** `<timestamp>_<verb>`. */
  name: string
  text: string
}

/** Reads `<folder>/<timestamp>_<verb>/migration.sql`, in the order in which they apply. */
export async function readScripts(folder: string): Promise<Script[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const names = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted()
  return Promise.all(
    names.map(async (name) => ({ name, text: await readFile(join(folder, name, 'migration.sql'), 'utf8') })),
  )
}

/** The same as the engine takes them. */
export async function readMigrations(folder: string): Promise<MigrationList> {
  const scripts = await readScripts(folder)
  const migrationDirectories = scripts.map(({ name, text }) => ({
    path: name,
    migrationFile: { path: 'migration.sql', content: { tag: 'ok' as const, value: text } },
  }))
  const lockfile = await readFile(join(folder, 'migration_lock.toml'), 'utf8').catch(() => null)
  return {
    baseDir: folder,
    lockfile: { path: 'migration_lock.toml', content: lockfile },
    shadowDbInitScript: '',
    migrationDirectories,
  }
}

export async function readSchema(path: string): Promise<SchemaContainer[]> {
  return [{ path, content: await readFile(path, 'utf8') }]
}

type Adapter = Awaited<ReturnType<PrismaPg['connect']>>

/**
 * The stock adapter cuts a script at every semicolon, inside function bodies too. Sent as one query, PostgreSQL parses it
 * and runs it as one transaction, as the native engine does.
 */
class WholeScripts extends PrismaPg {
  readonly #open: Adapter[] = []

  override async connect(): Promise<Adapter> {
    return this.#sendScriptsWhole(await super.connect())
  }

  override async connectToShadowDb(): Promise<Adapter> {
    return this.#sendScriptsWhole(await super.connectToShadowDb())
  }

  async close(): Promise<void> {
    // In reverse: a shadow database is dropped through the connection that made it.
    for (const adapter of this.#open.splice(0).toReversed()) await adapter.dispose()
  }

  #sendScriptsWhole(adapter: Adapter): Adapter {
    // Protected in the type, but the only translation from a PostgreSQL error to the one the engine reads.
    const translate: unknown = Reflect.get(adapter, 'onError')
    const dispose = adapter.dispose.bind(adapter)
    let disposed: Promise<void> | undefined
    // The engine disposes of some of its connections itself, and a pool ends only once.
    adapter.dispose = () => (disposed ??= dispose())
    adapter.executeScript = async (script) => {
      try {
        await adapter.underlyingDriver().query(script)
      } catch (error) {
        if (typeof translate === 'function') translate.call(adapter, error)
        throw error
      }
    }
    readCatalogCharacters(adapter)
    this.#open.push(adapter)
    return adapter
  }
}

/**
 * PostgreSQL's catalogs use the internal type "char", which the adapter refuses and the engine expects. The adapter is
 * shown text in its place, and the engine is told the truth.
 */
const INTERNAL_CHAR = 18
const TEXT = 25

function readCatalogCharacters(adapter: Adapter): void {
  const pool = adapter.underlyingDriver()
  const query: (...args: unknown[]) => Promise<QueryResult> = pool.query.bind(pool)
  const queryRaw = adapter.queryRaw.bind(adapter)
  const characterColumns = new WeakMap<object, number[]>()
  const relabelled = async (...args: unknown[]) => {
    const result = await query(...args)
    // A script of several statements answers with an array, which nobody reads.
    const fields = result.fields ?? []
    const columns = fields.flatMap((field, index) => (field.dataTypeID === INTERNAL_CHAR ? [index] : []))
    for (const field of fields) if (field.dataTypeID === INTERNAL_CHAR) field.dataTypeID = TEXT
    if (columns.length > 0) characterColumns.set(result.rows, columns)
    return result
  }
  Object.assign(pool, { query: relabelled })
  adapter.queryRaw = async (sql) => {
    const result = await queryRaw(sql)
    for (const column of characterColumns.get(result.rows) ?? []) {
      result.columnTypes[column] = ColumnTypeEnum.Character
    }
    return result
  }
}

type EngineModule = typeof import('@prisma/schema-engine-wasm/schema_engine_bg')

/** The one part of the global we use; TypeScript knows it only together with the browser's types. */
declare const WebAssembly: {
  instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: Record<string, unknown> } }>
}

let loading: Promise<EngineModule> | undefined

/** The module holds global state, so a process instantiates it once. */
function loadEngine(): Promise<EngineModule> {
  loading ??= instantiate()
  return loading
}

async function instantiate(): Promise<EngineModule> {
  const engine = await import('@prisma/schema-engine-wasm/schema_engine_bg')
  // The engine's last words; without it a panic says only "unreachable".
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: { set_message: console.error } })
  const location = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg')
  const bytes = await readFile(join(dirname(location), 'schema_engine_bg.wasm'))
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': engine })
  engine.__wbg_set_wasm(instance.exports)
  const start = instance.exports['__wbindgen_start']
  if (typeof start === 'function') start()
  return engine
}
