import { beforeEach, describe, expect, it } from 'vitest'
import { ApiRefusal, ApiUnreachable } from '#apps/cli/errors.ts'
import type { Answer, Call } from '#apps/cli/call.ts'
import { Differences } from '#scripts/simulate/differences.ts'
import { fire } from '#scripts/simulate/fire.ts'
import type { Act, Expectation, Manner, PlannedTransfer } from '#scripts/simulate/act.ts'
import { aTransaction, type FakeEconomy, fakeEconomy } from './fake-economy.ts'

let api: FakeEconomy
let sent: Call[]
let answers: (() => Answer<unknown>)[]

beforeEach(() => {
  api = fakeEconomy()
  sent = []
  answers = [accepted()]
  api.onPost = async (call) => {
    sent.push(call)
    const answer = answers.length > 1 ? answers.shift() : answers[0]
    if (!answer) throw new Error('the test has an answer for every request')
    return answer()
  }
})

const TIP: Expectation = { outcome: 'accepted', from: 0, to: 1, amount: 10n, commission: 0n }
const OVERDRAFT: Expectation = { outcome: 'refused', code: 'insufficient_funds' }

function accepted(changes: Parameters<typeof aTransaction>[0] = {}, isReplayed = false) {
  return (): Answer<unknown> => ({
    status: 202,
    body: aTransaction({ status: 'queued', ...changes }),
    isReplayed,
    attempts: 1,
    latencyMs: 5,
  })
}

function refused(code: string, details = {}) {
  return (): never => {
    throw new ApiRefusal({ status: 422, code, title: code, detail: `It is ${code}.`, details })
  }
}

function transfer(expect: Expectation, number = 1): PlannedTransfer {
  return { number, type: 'tip', from: 0, to: 1, amount: '10', order: null, expect }
}

function single(expect: Expectation, manner: Manner = 'once'): Act {
  return { kind: 'single', economy: 0, transfer: transfer(expect), manner, giveUpAfterMs: 5 }
}

async function fired(...acts: Act[]) {
  const differences = new Differences()
  const firing = await fire([api.economy], acts, { concurrency: 2, differences, onProgress: () => undefined })
  return { firing, kinds: differences.list().map(({ kind }) => kind) }
}

describe('sending the planned transfers', () => {
  it('books what was accepted', async () => {
    answers = [accepted({ commission: '2' })]
    const { firing, kinds } = await fired(single({ ...TIP, commission: 2n } as Expectation))
    expect(kinds).toEqual([])
    expect(firing).toMatchObject({ transfers: 1, accepted: 1 })
    const { books } = api.economy
    expect([books.balance('alice'), books.balance('bob'), books.balance('company')]).toEqual([-12n, 10n, 2n])
    expect([...books.accepted]).toEqual(['txn_1'])
    expect(sent[0]).toMatchObject({
      path: '/v3/transactions',
      idempotencyKey: 'transfer-1',
      body: { type: 'tip', from_user_id: 'alice', to_user_id: 'bob', amount: '10' },
    })
  })

  it('counts what was refused by its reason, and books nothing', async () => {
    answers = [refused('rule_violated', { rule_name: 'daily tip limit' })]
    const { firing, kinds } = await fired(
      single({ outcome: 'refused', code: 'rule_violated', rule: 'daily tip limit' }),
    )
    expect(kinds).toEqual([])
    expect(firing.refusedBy).toEqual(new Map([['rule_violated: daily tip limit', 1]]))
    expect(api.economy.books.balance('alice')).toBe(0n)
  })

  it.each([
    ['accepted what must be refused', accepted(), OVERDRAFT, 'accepted against expectation'],
    ['refused what must be accepted', refused('insufficient_funds'), TIP, 'refused otherwise than expected'],
    ['refused for another reason', refused('user_not_found'), OVERDRAFT, 'refused otherwise than expected'],
    ['accepted another amount', accepted({ amount: '11' }), TIP, 'accepted with other terms'],
    ['accepted another recipient', accepted({ to_user_id: 'company' }), TIP, 'accepted with other terms'],
    ['accepted another commission', accepted({ commission: '1' }), TIP, 'accepted with other terms'],
  ])('notes that the platform %s', async (_name, answer, expectation, kind) => {
    answers = [answer]
    expect((await fired(single(expectation))).kinds).toEqual([kind])
  })

  it('notes a transfer that was never answered', async () => {
    answers = [
      () => {
        throw new ApiUnreachable('http://api', new Error('gone'))
      },
    ]
    expect((await fired(single(TIP))).kinds).toEqual(['no answer'])
  })
})

describe('repeating requests on purpose', () => {
  it.each(['replay', 'twin'] as const)('%s: wants the first answer again', async (manner) => {
    answers = [accepted({}, true)]
    const { firing, kinds } = await fired(single(TIP, manner))
    expect(kinds).toEqual([])
    expect(firing).toMatchObject({ requests: 2, repeats: 1, accepted: 1 })
    expect(new Set(sent.map((call) => call.idempotencyKey)).size).toBe(1)

    answers = [accepted(), accepted({ id: 'txn_2' })]
    expect((await fired(single(TIP, manner))).kinds).toEqual(['a repeated request'])
  })

  it('reuse: wants another body under the same key to be refused', async () => {
    answers = [accepted(), refused('idempotency_key_reused')]
    expect((await fired(single(TIP, 'reuse'))).kinds).toEqual([])
    expect(sent[1]?.body).not.toEqual(sent[0]?.body)
    answers = [accepted()]
    expect((await fired(single(TIP, 'reuse'))).kinds).toEqual(['a reused key'])
  })

  it('hasty: gives up the first connection', async () => {
    await fired(single(TIP, 'hasty'))
    expect(sent[0]).toMatchObject({ giveUpFirstAfterMs: 5 })
  })
})

describe('batches and sequences', () => {
  const batch = (isReplayed = false): Act => ({
    kind: 'batch',
    economy: 0,
    number: 7,
    transfers: [transfer(TIP, 1), transfer(OVERDRAFT, 2)],
    isReplayed,
  })
  const answer =
    (id: string, isReplayed = false) =>
    (): Answer<unknown> => ({
      status: 202,
      isReplayed,
      attempts: 1,
      latencyMs: 5,
      body: {
        accepted: 1,
        refused: 1,
        data: [
          { index: 0, transaction: aTransaction({ id }), problem: null },
          { index: 1, transaction: null, problem: { code: 'insufficient_funds', detail: 'too little' } },
        ],
      },
    })

  it('judge every item of a batch by itself', async () => {
    answers = [answer('txn_1')]
    const { firing, kinds } = await fired(batch())
    expect(kinds).toEqual([])
    expect(firing).toMatchObject({ batches: 1, transfers: 2, accepted: 1 })
    expect(sent[0]).toMatchObject({ path: '/v3/transactions/batch', idempotencyKey: 'batch-7' })
  })

  it('want a repeated batch to be answered as before', async () => {
    answers = [answer('txn_1'), answer('txn_1', true)]
    expect((await fired(batch(true))).kinds).toEqual([])
    answers = [answer('txn_1'), answer('txn_2')]
    expect((await fired(batch(true))).kinds).toEqual(['a repeated batch'])
  })

  it('send the steps of a sequence one after the other', async () => {
    answers = [accepted({ id: 'txn_1' }), accepted({ id: 'txn_2' }), refused('insufficient_funds')]
    const transfers = [transfer(TIP, 1), transfer(TIP, 2), transfer(OVERDRAFT, 3)]
    const { firing, kinds } = await fired({ kind: 'sequence', economy: 0, transfers })
    expect(kinds).toEqual([])
    expect(firing).toMatchObject({ transfers: 3, accepted: 2 })
    expect(sent.map((call) => call.idempotencyKey)).toEqual(['transfer-1', 'transfer-2', 'transfer-3'])
  })
})
