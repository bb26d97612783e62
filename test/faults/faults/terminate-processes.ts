import { setTimeout as sleep } from 'node:timers/promises'
import type { App } from '../bed/app.ts'
import type { Bed } from '../bed.ts'
import { cutRequests, type Fault, type Scene } from '../fault.ts'
import type { Finding } from '../finding.ts'

const STOPPED_WITHIN_MS = 10_000
const DOWN_MS_MAX = 300
/**
 * A connection that the kernel had made and the process not yet taken when it stopped listening: reset before the client wrote, or
 * after. Alone there is no other process to go to.
 */
const NEVER_TAKEN = ['read ECONNRESET', 'write ECONNRESET']

/** SIGTERM: what was taken is finished, what comes is refused by nobody listening, and the process ends with 0 in time. */
function stopping(id: string, name: string, which: (bed: Bed) => readonly App[]): Fault {
  const findings = new WeakMap<Scene, Finding[]>()
  return {
    id,
    name,
    drainedWithinS: 30,
    async inject(bed, random, scene) {
      const found = await Promise.all(which(bed).map(stopInTime))
      findings.set(scene, found.flat())
      await sleep(random.below(DOWN_MS_MAX))
    },
    async heal(bed) {
      await Promise.all(which(bed).map((app) => app.start()))
    },
    check: (scene) => [...(findings.get(scene) ?? []), ...cutRequests(scene, NEVER_TAKEN)],
  }
}

/** Asks it to stop, and says what was wrong about how it did. */
export async function stopInTime(app: App): Promise<Finding[]> {
  const askedAt = performance.now()
  const { code, signal } = await app.stop()
  const ms = performance.now() - askedAt
  const whats: string[] = []
  if (code !== 0) whats.push(`${app.name} ended with ${signal ?? code} when it was asked to stop`)
  if (ms > STOPPED_WITHIN_MS) whats.push(`${app.name} took ${Math.round(ms)} ms to stop`)
  return whats.map((what) => ({ verdict: 'V5', kind: 'mismatch', what }))
}

export const apiTerminated = stopping('sigterm-api', 'the api is asked to stop', (bed) => bed.apis)

export const workerTerminated = stopping(
  'sigterm-worker',
  'the worker is asked to stop',
  (bed) => bed.workers,
)
