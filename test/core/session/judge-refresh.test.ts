import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { judgeRefresh } from '#core/session/judge-refresh.ts'
import {
  GENERATIONS_MAX,
  isLiving,
  REFRESH_GRACE_MS,
  type Session,
  SESSION_IDLE_MS,
  SESSION_MS,
} from '#core/session/session.ts'

const START = Date.parse('2026-11-28T12:00:00Z')
const at = (ms: number) => new Date(START + ms)

const session: Session = {
  id: 'ses',
  memberId: 'ada',
  generation: 1,
  parentGeneration: 0,
  rotatedAt: at(0),
  createdAt: at(0),
  expiresAt: at(SESSION_MS),
  endedAt: null,
  endReason: null,
  ip: null,
  userAgent: null,
}
/** The first token was used at 1,000 ms. */
const rotated: Session = { ...session, generation: 2, parentGeneration: 1, rotatedAt: at(1_000) }

describe('judgeRefresh', () => {
  it('exchanges the token that lives', () => {
    expect(judgeRefresh(session, 1, at(1_000))).toEqual({ kind: 'rotate', session: rotated })
  })

  it('gives a lost answer again within the grace, counted from the first use', () => {
    const again = judgeRefresh(rotated, 1, at(1_000 + REFRESH_GRACE_MS))
    expect(again).toEqual({ kind: 'rotate', session: { ...rotated, generation: 3 } })
    expect(judgeRefresh({ ...rotated, generation: 3 }, 1, at(1_001 + REFRESH_GRACE_MS)).kind).toBe('reused')
  })

  it('takes an old token for stolen: after the grace, and after its successor was used', () => {
    expect(judgeRefresh(rotated, 1, at(1_001 + REFRESH_GRACE_MS)).kind).toBe('reused')
    const twice: Session = { ...rotated, generation: 3, parentGeneration: 2, rotatedAt: at(1_500) }
    expect(judgeRefresh(twice, 1, at(1_500)).kind).toBe('reused')
  })

  it('waits for nobody whose clock runs ahead', () => {
    const ahead: Session = { ...rotated, rotatedAt: at(60_000) }
    expect(judgeRefresh(ahead, 1, at(1_000)).kind).toBe('reused')
    expect(judgeRefresh(ahead, 2, at(1_000)).kind).toBe('rotate')
  })

  it.each([
    ['idle for too long', session, SESSION_IDLE_MS],
    ['too old', { ...session, rotatedAt: at(SESSION_MS - 1) }, SESSION_MS],
    ['ended', { ...session, endedAt: at(5), endReason: 'signed_out' as const }, 10],
  ])('is over when it is %s, to the millisecond', (_why, which, ms) => {
    expect(judgeRefresh(which, 1, at(ms)).kind).toBe('over')
    if (which.endedAt === null) expect(judgeRefresh(which, 1, at(ms - 1)).kind).toBe('rotate')
  })

  it('ends a session that is refreshed without an end', () => {
    const worn = { ...session, generation: GENERATIONS_MAX, parentGeneration: GENERATIONS_MAX - 1 }
    expect(judgeRefresh(worn, GENERATIONS_MAX, at(1)).kind).toBe('exhausted')
  })

  it('leaves at most one token alive, and none once two holders both went on, in any order', () => {
    // Two people hold the same first token. Each keeps what it was given last, shows it, or shows an older one.
    const step = fc.record({
      who: fc.constantFrom('ada', 'eve'),
      back: fc.nat({ max: 3 }),
      ms: fc.nat({ max: REFRESH_GRACE_MS * 2 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let now = 0
        let current = session
        const held: Record<string, number[]> = { ada: [1], eve: [1] }
        const goneOn = { ada: 0, eve: 0 }
        for (const { who, back, ms } of steps) {
          now += ms
          const mine = held[who] ?? []
          const shown = mine.at(-1 - Math.min(back, mine.length - 1)) ?? 1
          const before = current
          const judged = judgeRefresh(current, shown, at(now))
          if (judged.kind === 'rotate') {
            current = judged.session
            mine.push(current.generation)
            goneOn[who === 'ada' ? 'ada' : 'eve'] = current.generation
            // What was given before is dead: one generation at a time.
            expect(current.generation).toBe(before.generation + 1)
            // Only the living token, or the last one used while what it gave is unused, is exchanged.
            expect([before.generation, before.parentGeneration]).toContain(shown)
          } else if (judged.kind === 'reused') {
            expect(shown).toBeLessThan(before.generation)
            current = { ...current, endedAt: at(now), endReason: 'token_reused' }
          }
        }
        const living = [...new Set([...(held['ada'] ?? []), ...(held['eve'] ?? [])])].filter(
          (generation) => isLiving(current, at(now)) && generation === current.generation,
        )
        expect(living.length).toBeLessThanOrEqual(1)
        // A loser who shows what he has last, which is not alive, ends it for both: outside the grace at once.
        if (!isLiving(current, at(now)) || goneOn.ada === 0 || goneOn.eve === 0) return
        const loser = Math.min(goneOn.ada, goneOn.eve)
        expect(judgeRefresh(current, loser, at(now + REFRESH_GRACE_MS + 1)).kind).toBe('reused')
      }),
      { numRuns: 2_000 },
    )
  })
})
