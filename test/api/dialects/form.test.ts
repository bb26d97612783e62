import { describe, expect, it } from 'vitest'
import { parseForm } from '#apps/api/dialects/form.ts'

const plain = (text: string) => JSON.parse(JSON.stringify(parseForm(text).values))

describe('parseForm', () => {
  it('reads nested names and lists', () => {
    expect(plain('a=1&k[]=x&k[]=y&m%5Bname%5D=tip&m[details][a]=b')).toEqual({
      a: '1',
      k: ['x', 'y'],
      m: { name: 'tip', details: { a: 'b' } },
    })
  })

  it("reads PHP's indexed lists, with more than twenty elements too", () => {
    const sent = Array.from({ length: 40 }, (_, index) => `k%5B${index}%5D=v${index}`).join('&')
    expect(plain(sent)).toEqual({ k: Array.from({ length: 40 }, (_, index) => `v${index}`) })
  })

  it('keeps each pair as it was sent', () => {
    expect(parseForm('a=%7e+b&c&=d').pairs).toEqual([
      { raw: 'a=%7e+b', name: 'a', value: '~ b' },
      { raw: 'c', name: 'c', value: null },
      { raw: '=d', name: '', value: 'd' },
    ])
  })

  it('reads what cannot be decoded as it stands', () => {
    expect(plain('a=%zz')).toEqual({ a: '%zz' })
  })

  it.each([
    '__proto__[x]=1',
    'constructor[prototype][x]=1',
    'a[__proto__][x]=1',
    '__proto__=1',
    'a[constructor][prototype][x]=1',
  ])('lets nothing through to a prototype: %s', (text) => {
    const { values } = parseForm(text)
    expect(Object.getPrototypeOf(values)).toBeNull()
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
    expect(Object.prototype).not.toHaveProperty('x')
  })

  it.each([
    ['too many parameters', Array.from({ length: 2_001 }, () => 'a=1').join('&')],
    ['too deep', `a${'[b]'.repeat(6)}=1`],
    ['too long a list', Array.from({ length: 1_500 }, (_, index) => `a[]=${index}`).join('&')],
    ['a NUL character', 'a=%00'],
  ])('refuses %s', (_name, text) => {
    expect(() => parseForm(text)).toThrow(expect.objectContaining({ code: 'invalid_request' }))
  })
})
