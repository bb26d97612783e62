import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Random } from '#scripts/simulate/random.ts'
import { type Alarm, reached, rose, withAlarm } from './alarm.ts'
import type { Bed } from './bed.ts'
import type { Fault, Scene } from './fault.ts'

/** A fault must not pass whose alarm nobody would have seen, nor with the alarm of the try before it. */

const PATIENCE = { latestMs: 500, outWithinMs: 800 }

let server: Server
let bed: Bed
/** What the worker's metrics say. */
let metrics: string

beforeEach(async () => {
  metrics = 'lane_paused 0\nredeliveries_total{reason="down"} 3\n'
  server = createServer((_request, response) => response.end(metrics))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // Alarms look at nothing else of it.
  bed = { workers: [{ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }] } as unknown as Bed
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

function faultThat(inject: () => void): Fault {
  return {
    id: 'planted',
    name: 'what is planted',
    drainedWithinS: 1,
    inject: async () => inject(),
    heal: async () => {},
  }
}

async function findingsOf(fault: Fault, alarm: Alarm) {
  // Watches are told apart by their scenes, of which they read nothing.
  const scene = {} as Scene
  const watched = withAlarm(fault, alarm, PATIENCE)
  await watched.inject(bed, new Random('alarm'), scene)
  await watched.heal(bed, scene)
  return watched.check?.(scene)
}

describe('a fault with an alarm', () => {
  it('passes when its counter rises', async () => {
    const fault = faultThat(() => {
      metrics = metrics.replace('} 3', '} 4')
    })
    expect(await findingsOf(fault, rose('redeliveries_total', { reason: 'down' }))).toEqual([])
  })

  it('passes when its gauge is reached', async () => {
    const fault = faultThat(() => {
      metrics = metrics.replace('lane_paused 0', 'lane_paused 1')
    })
    expect(await findingsOf(fault, reached('lane_paused', 1))).toEqual([])
  })

  it('lasts until its gauge was seen, which falls when it is over', async () => {
    let isBroken = false
    const raise = async () => {
      await sleep(200)
      if (isBroken) metrics = metrics.replace('lane_paused 0', 'lane_paused 1')
    }
    const fault: Fault = {
      ...faultThat(() => {
        isBroken = true
        void raise()
      }),
      async heal() {
        isBroken = false
        metrics = metrics.replace('lane_paused 1', 'lane_paused 0')
      },
    }
    expect(await findingsOf(fault, reached('lane_paused', 1))).toEqual([])
  })

  it('begins when its worker says what the counter was before', async () => {
    const counted = metrics
    metrics = ''
    const answering = sleep(200).then(() => (metrics = counted))
    const fault = faultThat(() => {
      metrics = metrics.replace('} 3', '} 4')
    })
    expect(await findingsOf(fault, rose('redeliveries_total', { reason: 'down' }))).toEqual([])
    await answering
  })

  it.each([
    ['a counter of another reason', rose('redeliveries_total', { reason: 'refused' })],
    ['a gauge that stays', reached('lane_paused', 1)],
    ['a metric that does not exist', rose('redeliveries')],
  ])('fails with %s', async (_what, alarm) => {
    const fault = faultThat(() => {
      metrics = metrics.replace('} 3', '} 4')
    })
    expect(await findingsOf(fault, alarm)).toEqual([
      { verdict: 'V4', kind: 'mismatch', what: `no alarm: ${alarm.name}` },
    ])
  })

  it('does not begin while the alarm of the try before it is out', async () => {
    metrics = metrics.replace('lane_paused 0', 'lane_paused 1')
    let isInjected = false
    const fault = faultThat(() => {
      isInjected = true
    })
    await expect(findingsOf(fault, reached('lane_paused', 1))).rejects.toThrow('the alarm is still raised')
    expect(isInjected).toBe(false)
  })
})
