import { describe, expect, it } from 'vitest'
import { createPasswordHasher } from '#adapters/crypto/password-hasher.ts'

describe('the hash of a password', () => {
  const passwords = createPasswordHasher()

  it('is argon2id in PHC form, salted, at the cost that OWASP asks for', async () => {
    const [one, other] = [await passwords.hash('correct horse'), await passwords.hash('correct horse')]
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    expect(one).not.toBe(other)
    expect(await passwords.matches('correct horse', one)).toBe(true)
    expect(await passwords.matches('correct horse ', one)).toBe(false)
  })

  it('is the one of the reference implementation', async () => {
    // printf password | argon2 somesalt -id -t 2 -m 16 -p 1 -l 32 -e, of the reference's test vectors.
    const vector = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'
    expect(await passwords.matches('password', vector)).toBe(true)
    expect(await passwords.matches('passwore', vector)).toBe(false)
  })

  it('is of what is meant, not of how it was typed', async () => {
    expect(
      await passwords.matches('caf\u00e9 cr\u00e8me', await passwords.hash('cafe\u0301 cre\u0300me')),
    ).toBe(true)
  })

  it.each([
    null,
    '',
    'plain',
    '$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
  ])('matches nothing where there is none that we know (%s)', async (hash) => {
    expect(await passwords.matches('password', hash)).toBe(false)
  })

  it('takes as long for nobody as for somebody', async () => {
    const hash = await passwords.hash('a password of somebody')
    const time = async (of: string | null) => {
      const times: number[] = []
      for (let count = 0; count < 9; count += 1) {
        const from = performance.now()
        await passwords.matches('a guess', of)
        times.push(performance.now() - from)
      }
      return times.toSorted((a, b) => a - b)[4] ?? 0
    }
    const [known, unknown] = [await time(hash), await time(null)]
    // Medians of the same work; a branch that skips it takes a hundredth.
    expect(unknown / known).toBeGreaterThan(0.4)
    expect(unknown / known).toBeLessThan(2.5)
  })

  it('says that it is overloaded instead of queueing without an end', async () => {
    const all = await Promise.allSettled(Array.from({ length: 70 }, async () => passwords.matches('x', null)))
    const refused = all.filter((each) => each.status === 'rejected')
    expect(refused).toHaveLength(4)
    expect(refused[0]?.reason).toMatchObject({ code: 'overloaded' })
    expect(await passwords.matches('x', null)).toBe(false)
  })
})
