import { expect, it } from 'vitest'
import { createLaneMemory, gatheringMs, rememberBatch } from '#core/transaction/lane-memory.ts'

function aLane() {
  let nowMs = 1_000_000
  const deps = { memory: createLaneMemory(), clock: { now: () => new Date(nowMs) } }
  return {
    deps,
    pass: (ms: number) => {
      nowMs += ms
    },
  }
}

it('lets the first batch of an economy go at once, and the next one gather for what is left of 100 ms', () => {
  const { deps, pass } = aLane()
  expect(gatheringMs(deps, 'a')).toBe(0)
  rememberBatch(deps, 'a', 40)
  pass(50)
  expect(gatheringMs(deps, 'a')).toBe(50)
  expect(gatheringMs(deps, 'b')).toBe(0)
  pass(50)
  expect(gatheringMs(deps, 'a')).toBe(0)
})

it('waits neither behind a full batch nor for a clock that was set back', () => {
  const { deps, pass } = aLane()
  rememberBatch(deps, 'a', 500)
  expect(gatheringMs(deps, 'a')).toBe(0)
  rememberBatch(deps, 'a', 1)
  pass(-1_000)
  expect(gatheringMs(deps, 'a')).toBe(0)
})
