import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bed } from '../bed.ts'
import type { Fault, Scene } from '../fault.ts'
import type { Finding } from '../finding.ts'
import { payBatch, type Payment, type Stage } from '../stage.ts'

const QUEUED = 1_000
const QUEUED_FULL = 10_000
const BATCH_ITEMS = 1_000
/** From the moment when all of them are up. `npm run bench` has the sharp bound; here four of them start on two cores. */
const FIRST_MINED_WITHIN_S = 6
const RSS_MIB_MAX = 512
const POLL_MS = 50
const findings = new WeakMap<Scene, Finding[]>()

export const coldFleet: Fault = {
  id: 'F21',
  name: '1,000 to 10,000 payments are queued, then a fleet of 4 workers starts',
  drainedWithinS: 60,
  isAlone: true,
  needsPeace: true,
  fleet: { apis: 1, workers: 4 },
  async inject(bed, random, scene) {
    await Promise.all(bed.workers.map((worker) => worker.kill()))
    await scene.load.stop()
    const { stage } = scene
    const [player] = stage.players
    const total = scene.isFullLength ? QUEUED_FULL : QUEUED
    const first: string[] = []
    for (let queued = 0; queued < total; queued += BATCH_ITEMS) {
      const payments = Array.from(
        { length: BATCH_ITEMS },
        (): Payment => ({
          type: 'reward',
          to: random.pick(player.partner.users).id,
          amount: stage.nextAmount(),
        }),
      )
      const intents = await payBatch(player, stage.story, `backlog-${scene.seed}-${queued}`, payments)
      if (queued === 0)
        first.push(
          ...intents.flatMap(({ answer }) =>
            answer && 'transactionId' in answer ? answer.transactionId : [],
          ),
        )
    }
    await Promise.all(bed.workers.map((worker) => worker.start()))
    const firstMinedS = await untilOneIsMined(stage, first)
    const whats: string[] = []
    if (firstMinedS > FIRST_MINED_WITHIN_S)
      whats.push(`the first of ${total} was mined ${firstMinedS.toFixed(1)} s after the fleet was up`)
    whats.push(...(await tooLarge(bed)))
    findings.set(
      scene,
      whats.map((what) => ({ verdict: 'V5', kind: 'mismatch', what })),
    )
  },
  async heal(bed) {
    await bed.scale({ apis: bed.apis.length, workers: bed.workers.length })
  },
  check: (scene) => findings.get(scene) ?? [],
}

/** Seconds from now until one of them is in a block. */
async function untilOneIsMined({ bed }: Stage, ids: readonly string[]): Promise<number> {
  const startedAt = performance.now()
  for (;;) {
    const [row] = await bed.postgres.sql<{ mined: boolean }>(
      `SELECT EXISTS (SELECT FROM transaction_state WHERE id = ANY ($1) AND status IN ('mined', 'confirmed')) AS mined`,
      [ids],
    )
    const seconds = (performance.now() - startedAt) / 1_000
    if (row?.mined || seconds > FIRST_MINED_WITHIN_S * 10) return seconds
    await sleep(POLL_MS)
  }
}

async function tooLarge(bed: Bed): Promise<string[]> {
  const sizes = await Promise.all(bed.workers.map(async ({ pid }) => rssMib(pid)))
  return sizes.filter((mib) => mib > RSS_MIB_MAX).map((mib) => `a worker has taken ${Math.round(mib)} MiB`)
}

/** Linux says it in pages of 4 KiB; elsewhere it is not known. */
async function rssMib(pid: number): Promise<number> {
  const pages = (await readFile(`/proc/${pid}/statm`, 'utf8').catch(() => '')).split(' ')[1] ?? '0'
  return (Number(pages) * 4) / 1_024
}
