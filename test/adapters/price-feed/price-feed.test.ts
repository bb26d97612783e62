import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseQuote } from '#adapters/price-feed/parse-quote.ts'
import { createPriceFeed } from '#adapters/price-feed/price-feed.ts'

describe('parseQuote', () => {
  it.each([
    ['{"price":0.1234567890123456789}', '/price', '0.1234567890123456789'],
    ['{"data":[{"usd":"12.50"}]}', '/data/0/usd', '12.50'],
    ['{"a/b":{"c~d":1}}', '/a~1b/c~0d', '1'],
    ['3.5', '', '3.5'],
    ['{"price":1.5e-7}', '/price', '0.00000015'],
    ['{"price":2E3}', '/price', '2000'],
    ['{"price":"1e+2"}', '/price', '100'],
  ])('finds in %s at %j the price %s, exactly as written', (text, pointer, price) => {
    expect(parseQuote(text, pointer, null)).toEqual({ price, asOf: null })
  })

  it.each([
    ['{"t":"2026-11-21T12:00:00Z"}'],
    ['{"t":1795262400}'],
    ['{"t":1795262400000}'],
    ['{"t":"1795262400"}'],
  ])('reads the moment in %s', (text) => {
    expect(parseQuote(`{"p":1,${text.slice(1)}`, '/p', '/t').asOf).toEqual(new Date('2026-11-21T12:00:00Z'))
  })

  it.each([
    ['no json', '/p', null, 'the answer is not JSON'],
    ['{"q":1}', '/p', null, 'there is no price at /p'],
    ['{"p":{"q":1}}', '/p', null, 'there is no price at /p'],
    ['{"p":1}', '/constructor', null, 'there is no price at /constructor'],
    ['{"p":1e99}', '/p', null, 'out of range'],
    ['{"p":1,"t":"soon"}', '/p', '/t', 'there is no moment at /t'],
    ['{"p":1}', '/p', '/t', 'there is no moment at /t'],
  ])('says of %s what is wrong', (text, pointer, asOfPointer, reason) => {
    expect(() => parseQuote(text, pointer, asOfPointer)).toThrow(reason)
  })
})

describe('createPriceFeed', () => {
  let server: Server
  let origin: string
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'price-feed-'))
    server = createServer((request, response) => {
      if (request.url?.startsWith('/good')) response.end('{"usd":0.25}')
      else if (request.url === '/long') response.end(`{"usd":"${'1'.repeat(300_000)}"}`)
      else if (request.url === '/moved') response.writeHead(302, { location: '/good' }).end()
      else response.writeHead(503).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    // A listening TCP server has an address of this kind.
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(async () => {
    await new Promise((resolve) => server.close(resolve))
    await rm(folder, { recursive: true })
  })
  const feed = (source: string) => createPriceFeed({ currency: 'USD', source, pointer: '/usd' })

  it('asks an HTTP service', async () => {
    expect(await feed(`${origin}/good?key=secret`).quote()).toEqual({
      currency: 'USD',
      price: '0.25',
      asOf: null,
    })
  })

  it('reads a file, anew each time', async () => {
    const path = join(folder, 'price.json')
    const fileFeed = feed(pathToFileURL(path).href)
    await writeFile(path, '{"usd":"1.5"}')
    expect((await fileFeed.quote()).price).toBe('1.5')
    await writeFile(path, '{"usd":"1.6"}')
    expect((await fileFeed.quote()).price).toBe('1.6')
  })

  it('has a name without secrets', () => {
    expect(feed('https://user:password@prices.example.com/ost?key=secret').name).toBe(
      'USD from https://prices.example.com/ost',
    )
  })

  it.each([
    ['/down', 'the service answered 503'],
    ['/long', 'longer than'],
    ['/moved', ''],
  ])('fails on %s', async (path, reason) => {
    await expect(feed(`${origin}${path}`).quote()).rejects.toThrow(reason)
  })

  it('knows the economy it is for', () => {
    const economyId = 'eco_01k0g2qz5me93tnsy1xq2zc7ah'
    const { economyId: uuid } = createPriceFeed({
      currency: 'EUR',
      source: 'file:///x',
      pointer: '',
      economyId,
    })
    expect(uuid).toMatch(/^[0-9a-f]{8}-/)
  })
})
