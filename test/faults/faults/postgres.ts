import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Bed } from '../bed.ts'
import { type Fault, lengthMs, type Scene, slowAnswers } from '../fault.ts'

/** A client is to hear within a second that it must come again; the rest is for a machine that does many things at once. */
const REFUSED_WITHIN_MS = 1_500

const refusesSoon = (scene: Scene) => slowAnswers(scene, REFUSED_WITHIN_MS)

export const postgresRestarted: Fault = {
  id: 'F19-restart',
  name: 'PostgreSQL stops at once and recovers',
  drainedWithinS: 30,
  inject: async (bed) => bed.postgres.crash(),
  heal: async (bed) => bed.postgres.start(),
  check: refusesSoon,
}

export const postgresGone: Fault = {
  id: 'F19-gone',
  name: 'PostgreSQL is gone for up to 30 s',
  drainedWithinS: 30,
  async inject(bed, random, scene) {
    await bed.postgres.crash()
    await sleep(lengthMs(scene, random, { full: 30_000, short: [500, 4_000] }))
  },
  heal: async (bed) => bed.postgres.start(),
  check: refusesSoon,
}

export const connectionsTerminated: Fault = {
  id: 'F19-terminate',
  name: 'every connection to PostgreSQL is terminated, again and again',
  drainedWithinS: 30,
  async inject(bed, random) {
    for (let round = 0; round < 5; round += 1) {
      await bed.postgres.terminateConnections()
      await sleep(random.between(20, 300))
    }
  },
  async heal() {},
  check: refusesSoon,
}

export const postgresSlow: Fault = {
  id: 'F19-slow',
  name: 'PostgreSQL does not answer for up to 5 s',
  drainedWithinS: 30,
  async inject(bed, random, scene) {
    await bed.postgres.freeze()
    await sleep(lengthMs(scene, random, { full: 5_000, short: [500, 5_000] }))
  },
  heal: async (bed) => bed.postgres.thaw(),
  check: refusesSoon,
}

/** What every accept of a company's reward has to lock. */
export const hotRowLocked: Fault = {
  id: 'F19-lock',
  name: "somebody locks a company's account for up to 5 s, and with it the pool",
  drainedWithinS: 30,
  async inject(bed, random, scene) {
    const [{ economyId, addresses, companyId }] = scene.stage.players
    const client = new pg.Client({ connectionString: bed.postgres.urls.ownerUrl })
    await client.connect()
    try {
      await client.query('BEGIN')
      await client.query('SELECT FROM account WHERE economy_id = $1 AND address = $2 FOR UPDATE', [
        economyId,
        addresses.get(companyId),
      ])
      await sleep(lengthMs(scene, random, { full: 5_000, short: [500, 5_000] }))
      await client.query('COMMIT')
    } finally {
      await client.end()
    }
  },
  async heal() {},
  check: refusesSoon,
}

export const connectionsExhausted: Fault = {
  id: 'F19-connections',
  name: 'PostgreSQL gives no more connections',
  drainedWithinS: 30,
  async inject(bed, random) {
    await limitConnections(bed, 1)
    await bed.postgres.terminateConnections()
    await sleep(random.between(500, 3_000))
  },
  heal: async (bed) => limitConnections(bed, -1),
  check: refusesSoon,
}

/** -1: no limit. A role's own limit is refused with the same code as the server's (53300). */
async function limitConnections({ postgres }: Bed, limit: number): Promise<void> {
  for (const role of ['ost_app', 'ost_worker'])
    await postgres.sql(`ALTER ROLE ${role} CONNECTION LIMIT ${limit}`)
}

const WRITTEN = ['transaction', 'outbox_record', 'chain_submission', 'entry', 'idempotency_record']

export const diskFull: Fault = {
  id: 'F19-disk-full',
  name: 'PostgreSQL cannot write: no space left on device',
  drainedWithinS: 30,
  async inject(bed, random) {
    await bed.postgres.sql(`
      CREATE OR REPLACE FUNCTION refuse_as_if_full() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
      END $$`)
    for (const table of WRITTEN)
      await bed.postgres.sql(
        `CREATE OR REPLACE TRIGGER as_if_full BEFORE INSERT ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_as_if_full()`,
      )
    await sleep(random.between(300, 2_500))
  },
  async heal(bed) {
    for (const table of WRITTEN) await bed.postgres.sql(`DROP TRIGGER IF EXISTS as_if_full ON ${table}`)
  },
  check: refusesSoon,
}
