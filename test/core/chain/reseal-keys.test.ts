import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { createSealer } from '#adapters/crypto/sealer.ts'
import { resealKeys, type SealedKind } from '#core/chain/reseal-keys.ts'
import type { Observer } from '#core/shared/observer.ts'

const [first, second, third] = [randomBytes(32), randomBytes(32), randomBytes(32)]

/** Sealed values in memory; `beforeReplace` may do what another process does meanwhile. */
function aKind(rows: Map<string, string>, sealer: ReturnType<typeof createSealer>, beforeReplace = () => {}) {
  return {
    name: 'test',
    read: async (after, limit) =>
      [...rows]
        .map(([id, sealed]) => ({ id, sealed }))
        .toSorted((a, b) => a.id.localeCompare(b.id))
        .filter(({ id }) => after === null || id > after)
        .slice(0, limit),
    isOutdated: (sealed) => sealer.isOutdated(sealed),
    reseal: async ({ sealed }) => sealer.reseal(sealed),
    async replace(id, from, to) {
      beforeReplace()
      if (rows.get(id) !== from) return false
      rows.set(id, to)
      return true
    },
  } satisfies SealedKind
}

function anObserver() {
  const gauges: Record<string, number> = {}
  const events: string[] = []
  const observer: Observer = {
    log: (_level, event) => void events.push(event),
    count() {},
    gauge: (metric, value) => void (gauges[metric] = value),
  }
  return { observer, gauges, events }
}

function someRows(sealer: ReturnType<typeof createSealer>, count = 450): Map<string, string> {
  return new Map(
    Array.from({ length: count }, (_, index) => [String(index).padStart(4, '0'), sealer.seal(index)]),
  )
}

it('seals everything anew, more than one step of it, and says when no older key is needed', async () => {
  const rows = someRows(createSealer(first))
  const { observer, gauges, events } = anObserver()
  const kinds = [aKind(rows, createSealer(second, [first]))]
  expect(await resealKeys({ kinds, observer })).toMatchObject({ resealed: 450, outdated: 0 })
  expect(events).toEqual(['keys.all_current'])
  expect(gauges).toEqual({ keys_outdated: 0 })
  expect([...rows.values()].map((sealed) => createSealer(second).open(sealed))).toEqual([
    ...Array(450).keys(),
  ])
  expect(await resealKeys({ kinds, observer })).toMatchObject({ resealed: 0, outdated: 0 })
})

it('writes over nothing that somebody else wrote meanwhile', async () => {
  const rows = someRows(createSealer(first), 1)
  const others = createSealer(second).seal('another value')
  const kinds = [aKind(rows, createSealer(second, [first]), () => rows.set('0000', others))]
  expect(await resealKeys({ kinds, ...anObserver() })).toMatchObject({ resealed: 0, outdated: 0 })
  expect(rows.get('0000')).toBe(others)
})

it('leaves what it cannot open, reports it, and goes on with the others', async () => {
  const rows = someRows(createSealer(first), 2)
  const strange = createSealer(third).seal('of a key nobody has')
  rows.set('0000', strange)
  const { observer, gauges, events } = anObserver()
  const report = await resealKeys({ kinds: [aKind(rows, createSealer(second, [first]))], observer })
  expect(report).toMatchObject({ resealed: 1, outdated: 1, unreadable: 1 })
  expect(rows.get('0000')).toBe(strange)
  expect(events).toEqual(['keys.unreadable', 'keys.resealed'])
  expect(gauges).toEqual({ keys_outdated: 1 })
})
