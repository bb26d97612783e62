import { expect, it } from 'vitest'
import { CATALOGUE } from './catalogue.ts'
import type { LifeResult } from './life.ts'
import { runLives } from './run.ts'
import { planLives, planTries, replayCommand } from './schedule.ts'

/** One of each kind that is over quickly; `npm run test:faults` has them all, twenty times each. */
const SHORT = ['kill-api', 'kill-worker', 'F8', 'F19-terminate']
const SEED = 1

it('loses and doubles nothing while api, worker, Redis and PostgreSQL fail in turn', async () => {
  const faults = CATALOGUE.filter(({ id }) => SHORT.includes(id))
  expect(faults.map(({ id }) => id).toSorted()).toEqual(SHORT.toSorted())
  const results: LifeResult[] = []
  await runLives(
    faults.flatMap((fault) => planLives(planTries(fault, { seed: SEED, tries: 1 }))),
    { beds: 1, onLife: (result) => void results.push(result) },
  )
  const told = results.flatMap((result) =>
    result.findings.map((finding) => ({ ...finding, again: replayCommand(result.life) })),
  )
  expect(told).toEqual([])
  expect(results.every(({ accepted }) => accepted > 0)).toBe(true)
}, 180_000)
