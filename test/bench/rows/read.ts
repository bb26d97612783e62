import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { runLoad } from '../load/http-load.ts'
import { httpRequest } from '../load/http-connection.ts'
import { median, row } from '../report.ts'
import { generator, getRequest } from '../requests.ts'
import type { Section } from '../run.ts'

const ROUNDS = 3
const READS = 40_000
const CONSTANTS = 80_000
/** V8 compiles what it finds to be hot, and over again, until some ten thousand requests have gone through a process. */
const WARM_UP = 20_000

/** GET of a balance, and a Fastify route that returns a constant. */
export const read: Section = {
  rows: ['read'],

  async run({ apiAlone, progress, details }) {
    const { platform, population } = await apiAlone()
    const next = generator(7)
    const requests = Array.from({ length: READS }, () => {
      const user = population.userIds[Math.floor(next() * population.userIds.length)]
      return getRequest(population, `/v3/users/${user}/balance`)
    })
    const constant = await startConstantServer()
    const request = httpRequest({ method: 'GET', path: '/' })
    const constants = Array.from({ length: CONSTANTS }, () => request)
    const rounds: { ours: number; beside: number }[] = []
    try {
      const warmUps = [
        { url: constant.url, requests: constants.slice(0, WARM_UP) },
        { url: platform.api.url, requests: requests.slice(0, WARM_UP) },
      ]
      for (const warmUp of warmUps) await runLoad({ ...warmUp, status: 200 })
      for (let round = 1; round <= ROUNDS; round += 1) {
        await progress.step(`read, round ${round} of ${ROUNDS}`, async (note) => {
          const beside = await runLoad({ url: constant.url, requests: constants, status: 200 })
          const ours = await runLoad({ url: platform.api.url, requests, status: 200 })
          rounds.push({ ours: ours.perSecond, beside: beside.perSecond })
          note(
            `balance ${Math.round(ours.perSecond)}, constant ${Math.round(beside.perSecond)} /s (client ${beside.clientCpuSeconds.toFixed(1)} of ${beside.seconds.toFixed(1)} s)`,
          )
        })
      }
    } finally {
      constant.stop()
    }
    details.read = { rounds }
    return [
      row({
        name: 'read',
        unit: 'requests/s',
        ours: median(rounds.map(({ ours }) => ours)),
        beside: median(rounds.map(({ beside }) => beside)),
        ratio: median(rounds.map(({ ours, beside }) => ours / beside)),
        goal: { atLeast: 0.4 },
      }),
    ]
  },
}

/** In a process of its own, as the api is. */
async function startConstantServer(): Promise<{ url: string; stop: () => void }> {
  const child = fork(join(import.meta.dirname, '../load/constant-server.ts'), { stdio: 'ignore' })
  const [url] = (await once(child, 'message')) as [string]
  return { url, stop: () => void child.kill() }
}
