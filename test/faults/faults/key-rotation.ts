import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { keyIdOf } from '#adapters/crypto/jwe.ts'
import type { Bed } from '../bed.ts'
import type { Environment } from '../bed/app.ts'
import type { Fault, Scene } from '../fault.ts'
import type { Finding } from '../finding.ts'

const ROTATED_WITHIN_MS = 20_000
const POLL_MS = 50
const findings = new WeakMap<Scene, Finding[]>()

/** To another key and back again; the worker that seals anew is killed at it the first time. */
export const keyRotated: Fault = {
  id: 'F23',
  name: 'the key-encryption key is rotated twice under load, a worker killed midway',
  drainedWithinS: 30,
  async inject(bed, random, scene) {
    const usual = Buffer.from(bed.workerEnv['KEY_ENCRYPTION_KEY'] ?? '', 'base64url')
    const other = randomBytes(usual.length)
    const before = await addressesOf(bed)
    const whats: string[] = []
    for (const [key, previous] of [
      [other, usual],
      [usual, other],
    ] as const) {
      const env = sealingWith(key, previous)
      await restartAll(bed, env)
      if (key === other) {
        await sleep(random.below(300))
        await bed.workers[0]?.kill()
        await bed.workers[0]?.start(env)
      }
      if (!(await isRotated(bed, previous))) whats.push(`something is still under the previous key`)
    }
    if ((await addressesOf(bed)) !== before) whats.push('relayers have other addresses')
    findings.set(
      scene,
      whats.map((what) => ({ verdict: 'V4', kind: 'mismatch', what })),
    )
  },
  // What runs now opens with both keys and seals with the usual one.
  async heal(bed) {
    await bed.scale({ apis: bed.apis.length, workers: bed.workers.length })
  },
  check: (scene) => findings.get(scene) ?? [],
}

function sealingWith(key: Buffer, previous: Buffer): Environment {
  return {
    KEY_ENCRYPTION_KEY: key.toString('base64url'),
    KEY_ENCRYPTION_KEYS_PREVIOUS: previous.toString('base64url'),
  }
}

async function restartAll(bed: Bed, env: Environment): Promise<void> {
  const apps = [...bed.apis, ...bed.workers]
  await Promise.all(apps.map(async (app) => app.stop()))
  await Promise.all(apps.map(async (app) => app.start(env)))
}

/** Whether nothing is under this key any more. */
async function isRotated({ postgres }: Bed, previous: Buffer): Promise<boolean> {
  const deadline = performance.now() + ROTATED_WITHIN_MS
  while (performance.now() < deadline) {
    const [row] = await postgres.sql<{ count: number }>(
      'SELECT coalesce(sum(sealed), 0)::int AS count FROM platform_sealed_values() WHERE key_id = $1',
      [keyIdOf(previous)],
    )
    if (row?.count === 0) return true
    await sleep(POLL_MS)
  }
  return false
}

async function addressesOf({ postgres }: Bed): Promise<string> {
  const [row] = await postgres.sql<{ addresses: string }>(
    `SELECT coalesce(string_agg(id || ' ' || address, ',' ORDER BY id), '') AS addresses FROM lane`,
  )
  return row?.addresses ?? ''
}
