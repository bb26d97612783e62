import { describe, expect, it } from 'vitest'
import { Random } from '#scripts/simulate/random.ts'

describe('random numbers of a seed', () => {
  it('are the same every time', () => {
    const draw = (seed: string) =>
      Array.from(
        { length: 20 },
        (
          (random) => () =>
            random.next()
        )(new Random(seed)),
      )
    expect(draw('a')).toEqual(draw('a'))
    expect(draw('a')).not.toEqual(draw('b'))
  })

  it('are the same on every machine and in every version', () => {
    const random = new Random('1')
    expect([random.next(), random.next(), random.next()]).toEqual([3566528662, 2835986540, 1309456491])
  })

  it('fork into streams that do not disturb each other', () => {
    const [one, other] = [new Random('a'), new Random('a')]
    other.fork('side').next()
    one.next()
    expect(one.fork('side').next()).toBe(new Random('a').fork('side').next())
  })

  it('fill their range evenly, both ends included', () => {
    const random = new Random('range')
    const counts = new Map<number, number>()
    for (let draw = 0; draw < 10_000; draw += 1) {
      const number = random.between(3, 7)
      counts.set(number, (counts.get(number) ?? 0) + 1)
    }
    expect(new Set(counts.keys())).toEqual(new Set([3, 4, 5, 6, 7]))
    for (const count of counts.values()) expect(Math.abs(count - 2_000)).toBeLessThan(250)
  })

  it('choose by weight', () => {
    const random = new Random('weights')
    let heavy = 0
    for (let draw = 0; draw < 10_000; draw += 1)
      if (random.weighted({ heavy: 3, light: 1, never: 0 }) === 'heavy') heavy += 1
    expect(Math.abs(heavy - 7_500)).toBeLessThan(250)
  })
})
