import { describe, expect, it } from 'vitest'
import { concurrently } from '#scripts/simulate/concurrently.ts'
import { Differences } from '#scripts/simulate/differences.ts'
import { Latencies } from '#scripts/simulate/latencies.ts'
import { type Movement, Movements } from '#scripts/simulate/movements.ts'
import { duration, lineOf, startProgressBar } from '#scripts/simulate/progress-bar.ts'

describe('latencies', () => {
  it('tell percentiles to one per cent', () => {
    const latencies = new Latencies()
    for (let ms = 1; ms <= 1_000; ms += 1) latencies.add(ms)
    for (const [share, ms] of [
      [0.5, 500],
      [0.95, 950],
      [0.99, 990],
    ] as const) {
      expect(Math.abs(latencies.percentile(share) - ms)).toBeLessThanOrEqual(ms * 0.011)
    }
    expect(latencies.summary()).toMatchObject({ count: 1_000, max_ms: 1_000 })
  })

  it('are zero when there are none, and survive clocks that disagree', () => {
    const latencies = new Latencies()
    expect(latencies.summary()).toEqual({ count: 0, p50_ms: 0, p95_ms: 0, p99_ms: 0, max_ms: 0 })
    for (const ms of [0, -5, 10]) latencies.add(ms)
    expect(latencies.summary()).toMatchObject({ count: 3, p50_ms: 0, max_ms: 10 })
  })
})

describe('movements of two tellers', () => {
  const movement = (changes: Partial<Movement> = {}): Movement => ({
    txHash: '0x1',
    from: '0xa',
    to: '0xb',
    amount: 5n,
    ...changes,
  })
  const told = (...movements: Movement[]) => {
    const all = new Movements()
    for (const one of movements) all.add(one)
    return all
  }

  it('agree in any order', () => {
    const one = told(movement(), movement({ amount: 6n }), movement({ txHash: '0x2' }))
    const other = told(movement({ txHash: '0x2' }), movement({ amount: 6n }), movement())
    expect(one.differencesFrom(other)).toEqual([])
    expect(one.count).toBe(3)
  })

  it.each([
    ['a payment that was made twice', [movement(), movement()], [movement()]],
    ['a payment that is missing', [], [movement()]],
    ['another amount', [movement({ amount: 4n })], [movement()]],
    ['another recipient', [movement({ to: '0xc' })], [movement()]],
    ['another chain transaction', [movement({ txHash: '0x2' })], [movement()]],
  ])('differ by %s', (_name, one, other) => {
    expect(told(...one).differencesFrom(told(...other))).not.toEqual([])
  })
})

describe('differences', () => {
  it('count all and keep some as examples', () => {
    const differences = new Differences()
    for (let number = 0; number < 25; number += 1) differences.same('kind', `number ${number}`, number, -1)
    differences.same('kind', 'the same', 1, 1)
    expect(differences.count).toBe(25)
    expect(differences.list()[0]?.examples).toHaveLength(10)
  })
})

describe('concurrent work', () => {
  it('never does more at a time than it may, and does everything once', async () => {
    let running = 0
    let most = 0
    const done: number[] = []
    await concurrently(
      Array.from({ length: 50 }, (_, index) => index),
      4,
      async (item) => {
        running += 1
        most = Math.max(most, running)
        await new Promise(setImmediate)
        done.push(item)
        running -= 1
      },
    )
    expect(most).toBe(4)
    expect(done.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => index))
  })

  it('draws nothing more after a failure, and passes it on', async () => {
    const drawn: number[] = []
    const work = concurrently([1, 2, 3, 4], 1, async (item) => {
      drawn.push(item)
      if (item === 2) throw new Error('broken')
    })
    await expect(work).rejects.toThrow('broken')
    expect(drawn).toEqual([1, 2])
  })
})

describe('the progress bar', () => {
  it('says how far, how long and how much longer', () => {
    const line = lineOf({
      title: 'transfers',
      done: 250,
      total: 1_000,
      note: '5/s',
      elapsedMs: 60_000,
      withBar: false,
    })
    expect(line).toBe('transfers  25 %  250/1,000 in 1 min 0 s, 3 min 0 s left · 5/s')
  })

  it('writes plain lines where nobody watches', () => {
    const written: string[] = []
    const bar = startProgressBar('transfers', 10, { write: (text: string) => written.push(text) })
    bar.update(5)
    bar.end('done')
    expect(written.every((text) => text.endsWith('\n') && !text.includes('\r'))).toBe(true)
    expect(written.at(-1)).toContain('100 %')
  })

  it('rewrites one line on a terminal, and never lets it wrap', () => {
    const written: string[] = []
    const output = { write: (text: string) => written.push(text), isTTY: true, columns: 40 }
    startProgressBar('transfers', 10, output)
    expect(written[0]?.startsWith('\r')).toBe(true)
    expect(written[0]?.replace('\r\x1b[2K', '')).toHaveLength(39)
  })

  it('shows short times in the unit that fits', () => {
    expect([duration(12, 'ms'), duration(1_500), duration(61_000)]).toEqual(['12 ms', '1.5 s', '1 min 1 s'])
  })
})
