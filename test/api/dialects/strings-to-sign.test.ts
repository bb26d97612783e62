import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { parseForm } from '#apps/api/dialects/form.ts'
import { stringsToSign } from '#apps/api/dialects/strings-to-sign.ts'

const hmac = (secret: string, text: string) => createHmac('sha256', secret).update(text).digest('hex')
const stringsOf = (resource: string, query: string, signatureName = 'signature') =>
  stringsToSign(resource, parseForm(query).pairs, signatureName)

/** Recorded from the unmodified SDKs. */
const VECTORS: [name: string, secret: string, resource: string, query: string, signatureName: string][] = [
  [
    'v1.1 POST',
    'sekret1',
    '/users/',
    'api_key=ed0787e817d4946c7e76&name=Alice+B&request_timestamp=1795215239&signature=f348c2b25f7d8e28fe35175faa1fd4d20f59f0fb0a50208dd08a9bd6a816eac5',
    'signature',
  ],
  [
    'v1.1 GET',
    'sekret1',
    '/users/',
    'airdropped=true&api_key=ed0787e817d4946c7e76&limit=10&order=desc&page_no=1&request_timestamp=1795215239&signature=a44449a2af7587dd9d5803eae14f1b9a0e00808c69e7df4eefd51f8392730018',
    'signature',
  ],
  [
    'v2 POST',
    'sekret2',
    '/users',
    'api_key=65e20fcfce72f4c34546338a70518478&api_request_timestamp=1795215239&api_signature_kind=OST1-HMAC-SHA256&api_signature=dc847bb8fcbe2c3fcaddad5a201aedf3e04819fec4ff984474e951c8b7ac6a51',
    'api_signature',
  ],
  [
    'v2 GET with a list',
    'sekret2',
    '/users',
    'api_key=65e20fcfce72f4c34546338a70518478&api_request_timestamp=1795215239&api_signature_kind=OST1-HMAC-SHA256&ids%5B%5D=c2c6fbb2-2531-4c80-9e43-e67195bb01c7&ids%5B%5D=d2c6fbb2-2531-4c80-9e43-e67195bb01c7&limit=10&api_signature=88b2c23406c8aea29bce0d31a597bc0c5429e7638de9cc169a931f568ef7e55d',
    'api_signature',
  ],
]

/**
 * The vector that the SDKs of 2019 ship with their own tests: null, empty text, empty lists and names, nested names, a list, a
 * fraction and every sign of the keyboard. All four make this query of it, and sign it with this result.
 */
const SHIPPED = {
  secret: 'a0431203671f42c079b2154066fd04ba',
  resource: '/api/v2/users',
  query: [
    'a=',
    ...['a', 'b', 'c'].flatMap((one, at) =>
      ['a', 'b'].map((two) => `aaaaa%5B${one}%5D%5B${two}%5D=L2${at + 1}${two.toUpperCase()}`),
    ),
    ...['Hello', 'There', '12345'].map((one) => `arrayValues%5B%5D=${one}`),
    'c=',
    'd%5B%5D=',
    'd%5B%5D=',
    'garbage_str=~%21%40%23%24%25%5E%26%2A%28%29_%2B-%3D+%7B%7D%5B%5D%3A%22%3B%27%3F%2F%3C%3E%2C.+this+is+garbage',
    'k1=125.45',
    'k2=Tejas',
  ].join('&'),
  signature: '28664cdbc613b66835d7bcf825dce719fb8e0621992c291ba9bd1767c1c5560d',
}

/** What an SDK sent of what it signed, as its source has it. */
const SENT: [name: string, signed: string, sent: string][] = [
  ['JS of 2018: null is a bare name', 'a&b=1', 'a&b=1'],
  ['JS of 2018: brackets as they are', 'k[]=1&k[]=2', 'k[]=1&k[]=2'],
  ['Ruby of 2018: nil is signed as blank, and sent as a bare name', 'a=&b=1', 'b=1&a'],
  ['Ruby of 2018: ~ as %7E, * as %2A, whatever the order', 'a=%7E%2A&b=x+y', 'b=x+y&a=%7E%2A'],
  ['PHP of 2018, POST: the first index is not signed', 'k[]=1&k%5B1%5D=2&z=3', 'k%5B0%5D=1&k%5B1%5D=2&z=3'],
  ['PHP of 2018, POST: no index is signed', 'k[]=%7E&k[]=2&z=%7E', 'k%5B0%5D=%7E&k%5B1%5D=2&z=%7E'],
  ['PHP of 2018, GET: every index is signed', 'k%5B0%5D=1&k%5B1%5D=2', 'k%5B0%5D=1&k%5B1%5D=2'],
  ['PHP: names sorted by what stands before their brackets', 'k[]=1&kA=2', 'k%5B0%5D=1&kA=2'],
  ['Java of 2018: ~ as %7E, * as it is', 'a=%7E*&b=x+y', 'a=%7E*&b=x+y'],
  ['Java of 2019, POST: ~ is signed, and sent as %7E', 'a%5Bb%5D=~%2A&c=~', 'a%5Bb%5D=%7E%2A&c=%7E'],
  ['Java of 2019, POST: names sorted at each level', 'a%5Bb%5D=~&a-b=1', 'a%5Bb%5D=%7E&a-b=1'],
  ['every SDK: UTF-8', 'name=%C3%A4%E2%82%AC%F0%9F%98%80', 'name=%C3%A4%E2%82%AC%F0%9F%98%80'],
]

describe('stringsToSign', () => {
  it('holds what every SDK of 2019 signs of the vector that they ship', () => {
    const signatures = stringsOf(SHIPPED.resource, SHIPPED.query).map((text) => hmac(SHIPPED.secret, text))
    expect(signatures).toContain(SHIPPED.signature)
  })

  it('holds it also of what Java sends of it in a POST', () => {
    const sent = SHIPPED.query.replace('~', '%7E')
    const signatures = stringsOf(SHIPPED.resource, sent).map((text) => hmac(SHIPPED.secret, text))
    expect(signatures).toContain(SHIPPED.signature)
  })

  it.each(SENT)('holds what was signed of what is sent: %s', (_name, signed, sent) => {
    expect(stringsOf('/u', `${sent}&signature=x`)).toContain(`/u?${signed}`)
  })

  it.each(VECTORS)(
    'holds what an official SDK signed: %s',
    (_name, secret, resource, query, signatureName) => {
      const signature = query.slice(query.lastIndexOf('=') + 1)
      const signatures = stringsOf(resource, query, signatureName).map((text) => hmac(secret, text))
      expect(signatures).toContain(signature)
    },
  )

  it('begins with the parameters exactly as sent', () => {
    const [first] = stringsOf('/users', 'b=%7e&a=1&signature=x&&c')
    expect(first).toBe('/users?b=%7e&a=1&&c')
  })

  it('sorts what Ruby sends unsorted, and keeps the order of a list', () => {
    expect(stringsOf('/u', 'z=1&signature=x&k[]=2&k[]=1&a=3')).toContain('/u?a=3&k[]=2&k[]=1&z=1')
  })

  it("takes PHP's indexes away, with more than ten elements too", () => {
    const sent = Array.from({ length: 12 }, (_, index) => `k%5B${index}%5D=v${index}`).join('&')
    const signed = Array.from({ length: 12 }, (_, index) => `k[]=v${index}`).join('&')
    expect(stringsOf('/u', `a=1&${sent}&signature=x`)).toContain(`/u?a=1&${signed}`)
  })

  it('does not take indexes away that would change which element comes first', () => {
    const strings = stringsOf('/u', 'k%5B1%5D=b&k%5B0%5D=a')
    expect(strings.some((text) => text.includes('k[]=b&k[]=a'))).toBe(false)
  })

  it('encodes strictly, with + for a space and ~ as it is', () => {
    expect(stringsOf('/u', "name=it's%20(a*b)!~")).toContain('/u?name=it%27s+%28a%2Ab%29%21~')
  })

  it('keeps a bare name bare', () => {
    const strings = stringsOf('/u', 'name&api_key=k')
    expect(strings).toEqual(expect.arrayContaining(['/u?name&api_key=k', '/u?api_key=k&name']))
  })

  it('is one text where an SDK sends what it signs', () => {
    expect(stringsOf('/u', 'a=1&b=2&signature=x')).toEqual(['/u?a=1&b=2'])
  })

  it('never holds another value, order of a list, or parameter than was sent', () => {
    for (const sent of ['b=2&a[]=1&a[]=0', 'b=2&a[0]=1&a[1]=0', 'b=2&a%5B%5D=1&a%5B%5D=0', 'b=%32&a=1&a=0'])
      for (const text of stringsOf('/u', `${sent}&signature=x`))
        expect(parseForm(text.slice('/u?'.length)).values).toEqual(parseForm('a[]=1&a[]=0&b=2').values)
  })
})
