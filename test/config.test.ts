import { readFile } from 'node:fs/promises'
import { parseEnv } from 'node:util'
import { describe, expect, it } from 'vitest'
import { ConfigError, type Environment, loadConfig, loadWorkerConfig } from '#config'
import { LOCAL_VARIABLES } from '#scripts/stack/settings.ts'

const example: Environment = parseEnv(await readFile('.env.example', 'utf8'))

function problemsOf(env: Environment): readonly string[] {
  try {
    loadConfig(env)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

describe('.env.example', () => {
  it('lists exactly the variables that are read, in their order', () => {
    const names: string[] = []
    const recorder = new Proxy<Record<string, string | undefined>>(
      { ...example },
      {
        get(target, name) {
          if (typeof name === 'string' && !names.includes(name)) names.push(name)
          return typeof name === 'string' ? target[name] : undefined
        },
      },
    )
    loadConfig(recorder)
    const local = Object.keys(LOCAL_VARIABLES)
    expect(Object.keys(example).toSorted()).toEqual([...names, ...local].toSorted())
  })

  it('holds values that load, and the defaults of the local stack', () => {
    expect(problemsOf(example)).toEqual([])
    expect(example).toMatchObject(LOCAL_VARIABLES)
    expect(loadConfig(example).chains.map((chain) => chain.role)).toEqual(['value', 'utility'])
  })
})

describe('loadConfig', () => {
  it('names every missing variable at once, one sentence each', () => {
    const problems = problemsOf({})
    const named = problems.map((problem) => problem.split(' ')[0])
    expect(named).toEqual(['DATABASE_URL', 'REDIS_URL', 'CHAINS', 'KEY_ENCRYPTION_KEY', 'OPERATOR_KEY'])
    for (const problem of problems) expect(problem).toMatch(/is not set: .+\.$/)
  })

  it('takes an empty variable for a missing one', () => {
    expect(problemsOf({ ...example, REDIS_URL: ' ' })).toHaveLength(1)
    expect(loadConfig({ ...example, LOG_LEVEL: '' }).log.level).toBe('info')
  })

  it.each([
    ['API_PORT', '70000'],
    ['API_PORT', '3e3'],
    ['RELAYER_LANES', '0'],
    ['BODY_LIMIT_BYTES', '-1'],
    ['LOG_LEVEL', 'loud'],
    ['OPEN_SIGN_UP', 'maybe'],
    ['DATABASE_URL', 'mysql://x'],
    ['REDIS_URL', 'localhost'],
    ['PUBLIC_URL', 'ftp://x'],
    ['KEY_ENCRYPTION_KEY', 'short'],
    ['OPERATOR_KEY', 'short'],
    ['CHAINS', '{'],
    ['CHAINS', '[{"id":0}]'],
    ['CHAINS', '[]'],
  ])('refuses %s=%s by name', (name, value) => {
    const problems = problemsOf({ ...example, [name]: value })
    expect(problems).not.toEqual([])
    for (const problem of problems) expect(problem).toContain(name)
  })

  it('never repeats a URL, whose password would land in the log', () => {
    expect(problemsOf({ ...example, DATABASE_URL: 'http://u:hunter2@h/d' }).join()).not.toContain('hunter2')
  })

  it('says which field of which chain is wrong', () => {
    const chains = [
      { id: 1, role: 'side', name: 'x', rpc_urls: [], block_time_ms: 1, finality_depth: -1, gas: 1 },
    ]
    const problems = problemsOf({ ...example, CHAINS: JSON.stringify(chains) })
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
      'CHAINS[0]',
      'CHAINS[0].role',
      'CHAINS[0].rpc_urls',
      'CHAINS[0].finality_depth',
    ])
  })

  it('is frozen all the way down', () => {
    const config = loadConfig(example)
    expect(Object.isFrozen(config.api)).toBe(true)
    expect(Object.isFrozen(config.chains[0]?.rpcUrls)).toBe(true)
  })

  it('refuses published secrets in production', () => {
    const named = problemsOf({ ...example, NODE_ENV: 'production' }).map((problem) => problem.split(' ')[0])
    expect(named).toEqual(['KEY_ENCRYPTION_KEY', 'OPERATOR_KEY'])
  })

  it('refuses to end itself at a named point in production', () => {
    const env = { ...example, KILL_AT: 'after_sign' }
    expect(loadConfig(env).worker.killAt).toBe('after_sign')
    const named = problemsOf({ ...env, NODE_ENV: 'production' }).map((problem) => problem.split(' ')[0])
    expect(named).toContain('KILL_AT')
  })
})

describe('loadWorkerConfig', () => {
  it("wants the worker's own database role", () => {
    expect(loadWorkerConfig(example).database.workerUrl).toBe(example['DATABASE_WORKER_URL'])
    expect(() => loadWorkerConfig({ ...example, DATABASE_WORKER_URL: '' })).toThrow(
      'DATABASE_WORKER_URL is not set',
    )
  })
})

describe('PRICE_FEEDS', () => {
  const feed = { currency: 'USD', source: 'https://prices.example.com/ost.json', pointer: '/usd' }

  it('is empty when not set', () => {
    expect(loadConfig({ ...example, PRICE_FEEDS: '' }).pricing.feeds).toEqual([])
  })

  it('reads sources with their pointers, and the economy one is for', () => {
    const economyId = 'eco_01k0g2qz5me93tnsy1xq2zc7ah'
    const feeds = [feed, { ...feed, as_of_pointer: '/time', economy_id: economyId }]
    expect(loadConfig({ ...example, PRICE_FEEDS: JSON.stringify(feeds) }).pricing.feeds).toEqual([
      feed,
      { ...feed, asOfPointer: '/time', economyId },
    ])
  })

  it('reads prices of value tokens, and prices that are set there', () => {
    const asset = `0x${'Ab'.repeat(20)}`
    const feeds = [
      { ...feed, asset },
      { currency: 'EUR', price: '0.05', asset },
    ]
    expect(loadConfig({ ...example, PRICE_FEEDS: JSON.stringify(feeds) }).pricing.feeds).toEqual(feeds)
  })

  it('reads the feeders’ keys, and does not repeat a wrong one', () => {
    const keys = [`0x${'1'.repeat(64)}`, `0x${'aB'.repeat(32)}`]
    expect(loadConfig({ ...example, PRICE_FEEDER_KEYS: keys.join(', ') }).pricing.feederKeys).toEqual(keys)
    expect(loadConfig(example).pricing.feederKeys).toEqual([])
    const [problem = ''] = problemsOf({ ...example, PRICE_FEEDER_KEYS: `${keys[0]},0x${'c'.repeat(63)}` })
    expect(problem).toContain('PRICE_FEEDER_KEYS must be private keys')
    expect(problem).not.toMatch(/c{8}|1{8}/)
  })

  it.each([
    ['no array', '{}', 'PRICE_FEEDS is not a JSON array'],
    ['no object', '[1]', 'PRICE_FEEDS[0] is not an object'],
    ['an unknown currency', JSON.stringify([{ ...feed, currency: 'JPY' }]), 'PRICE_FEEDS[0].currency'],
    ['no URL', JSON.stringify([{ ...feed, source: 'prices' }]), 'PRICE_FEEDS[0].source'],
    ['another protocol', JSON.stringify([{ ...feed, source: 'ftp://x/y' }]), 'PRICE_FEEDS[0].source'],
    ['no pointer', JSON.stringify([{ ...feed, pointer: 'usd' }]), 'PRICE_FEEDS[0].pointer'],
    ['an unknown field', JSON.stringify([{ ...feed, interval: 5 }]), 'interval, which means nothing here'],
    ['a price that is none', JSON.stringify([{ currency: 'USD', price: '0' }]), 'PRICE_FEEDS[0].price'],
    [
      'a price and a source',
      JSON.stringify([{ ...feed, price: '1' }]),
      'PRICE_FEEDS[0] has a price and a source',
    ],
    ['a wrong asset', JSON.stringify([{ ...feed, asset: 'OST' }]), 'PRICE_FEEDS[0].asset'],
    [
      'an asset of an economy',
      JSON.stringify([
        { ...feed, asset: `0x${'1'.repeat(40)}`, economy_id: 'eco_01k0g2qz5me93tnsy1xq2zc7ah' },
      ]),
      'PRICE_FEEDS[0] has an asset and an economy_id',
    ],
    ['a wrong economy', JSON.stringify([{ ...feed, economy_id: 'x' }]), 'PRICE_FEEDS[0].economy_id'],
  ])('names what is wrong: %s', (_what, value, problem) => {
    expect(problemsOf({ ...example, PRICE_FEEDS: value })).toEqual([expect.stringContaining(problem)])
  })
})
