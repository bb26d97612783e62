import { Client, escapeIdentifier, escapeLiteral } from 'pg'

/** One URL per role of one database; user names, passwords and the database's name are read from them. */
export type DatabaseUrls = { ownerUrl: string; appUrl: string; workerUrl: string }

/** Any number, the same in every process: who creates roles waits for who is creating them. */
const ROLES_LOCK = 7_201_301

/**
 * Creates what must exist before the first migration: the schema's owner, the two roles that run the platform and own
 * nothing, and the database. May run any number of times and by several processes at once; passwords follow the URLs.
 */
export async function ensureRoles(adminUrl: string, urls: DatabaseUrls): Promise<void> {
  const owner = roleOf(urls.ownerUrl)
  const tenants = [roleOf(urls.appUrl), roleOf(urls.workerUrl)]
  await withClient(adminUrl, async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [ROLES_LOCK])
    for (const role of [owner, ...tenants]) await ensureRole(client, role)
    await ensureDatabase(client, owner)
  })
  await withClient(inDatabase(adminUrl, owner.database), async (client) => {
    // Does nothing new in a database that the owner owns, and suffices in one that was there before.
    await client.query(`GRANT CREATE, USAGE ON SCHEMA public TO ${escapeIdentifier(owner.name)}`)
    for (const role of [owner, ...tenants]) await admit(client, role)
    await letSeeSessions(client, owner)
  })
}

/**
 * Since when other roles' transactions are open is seen by the owner's functions only with this right; an administrator who
 * may not give it leaves that one column empty (`npm run ost -- outbox`).
 */
async function letSeeSessions(client: Client, owner: Role): Promise<void> {
  const grant = `GRANT pg_read_all_stats TO ${escapeIdentifier(owner.name)}`
  await client.query(`DO $$ BEGIN ${grant}; EXCEPTION WHEN insufficient_privilege THEN NULL; END $$`)
}

/** The same server and user, another database. */
export function inDatabase(url: string, database: string): string {
  const target = new URL(url)
  target.pathname = `/${encodeURIComponent(database)}`
  return target.href
}

type Role = { name: string; password: string; database: string }

function roleOf(url: string): Role {
  const { username, password, pathname } = new URL(url)
  return {
    name: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
  }
}

async function ensureRole(client: Client, role: Role): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role.name])
  const verb = rowCount === 0 ? 'CREATE' : 'ALTER'
  await client.query(
    `${verb} ROLE ${escapeIdentifier(role.name)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
     PASSWORD ${escapeLiteral(role.password)}`,
  )
}

async function ensureDatabase(client: Client, owner: Role): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [owner.database])
  if (rowCount !== 0) return
  // A managed server's administrator is often no superuser: it may give a database only to a role it belongs to.
  await client.query(`GRANT ${escapeIdentifier(owner.name)} TO CURRENT_USER`)
  await client.query(
    `CREATE DATABASE ${escapeIdentifier(owner.database)} OWNER ${escapeIdentifier(owner.name)}`,
  )
}

async function admit(client: Client, role: Role): Promise<void> {
  const name = escapeIdentifier(role.name)
  await client.query(`GRANT CONNECT ON DATABASE ${escapeIdentifier(role.database)} TO ${name}`)
  await client.query(`GRANT USAGE ON SCHEMA public TO ${name}`)
}

async function withClient(url: string, use: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    await use(client)
  } finally {
    await client.end()
  }
}
