import { describe, expect, it } from 'vitest'
import type { Block, ChainLog } from '#core/ledger/block.ts'
import { LedgerInconsistency } from '#core/ledger/errors.ts'
import { addressKey, ISSUANCE_ADDRESS, type KnownSubmission } from '#core/ledger/settlement.ts'
import { planSettlement, type SettlementKnowledge } from '#core/transaction/settle-block.ts'

const TOKEN = { economyId: 'eco', tenantId: 'ten', token: '0xtoken', tokenRules: '0xrules' }
const TX = '0xtx'

let nextId = 0
const ids = { next: () => `new-${(nextId += 1)}` }

type LogBody = ChainLog extends infer Log
  ? Log extends ChainLog
    ? Omit<Log, 'logIndex' | 'txHash'>
    : never
  : never

function blockOf(bodies: readonly LogBody[]): Block {
  return {
    header: {
      number: 7,
      hash: '0xblock',
      parentHash: '0xparent',
      minedAt: new Date(0),
      transactionHashes: [TX],
      gasUsed: 0n,
      mayHaveLogs: true,
    },
    logs: bodies.map((body, logIndex) => ({ ...body, logIndex, txHash: TX })),
  }
}

const transfer = (from: string, to: string, amount: bigint, address = TOKEN.token): LogBody => ({
  type: 'transfer',
  address,
  from,
  to,
  amount,
})
const executed = (count: number, skipped: number, address = TOKEN.tokenRules): LogBody => ({
  type: 'batch_executed',
  address,
  submissionId: 'sub',
  executed: count,
  skipped,
})
const skip = (index: number, reason: string, address = TOKEN.tokenRules): LogBody => ({
  type: 'payment_skipped',
  address,
  submissionId: 'sub',
  index,
  reason,
})

/** Ann pays Bob 10 and the shop 1; Bob pays Ann 5. */
const BATCH: KnownSubmission = {
  id: 'sub',
  kind: 'transfer_batch',
  economyId: 'eco',
  txHash: TX,
  payments: [
    {
      transactionId: 'first',
      legs: [
        { fromAccountId: 'ann', toAccountId: 'bob', amount: 10n },
        { fromAccountId: 'ann', toAccountId: 'shop', amount: 1n },
      ],
    },
    { transactionId: 'second', legs: [{ fromAccountId: 'bob', toAccountId: 'ann', amount: 5n }] },
  ],
}
const FIRST = [transfer('0xann', '0xbob', 10n), transfer('0xann', '0xshop', 1n)]
const SECOND = [transfer('0xbob', '0xann', 5n)]

function knowledge(
  submission: KnownSubmission | null,
  revertReason: string | null = null,
): SettlementKnowledge {
  const outcome = { txHash: TX, gasUsed: 9n, effectiveGasPrice: 1n, revertReason }
  return {
    tokens: [TOKEN],
    accountIds: new Map(['ann', 'bob', 'shop'].map((id) => [addressKey('eco', `0x${id}`), id])),
    submissions: new Map(submission ? [[TX, { submission, outcome }]] : []),
  }
}

const plan = (
  bodies: readonly LogBody[],
  submission: KnownSubmission | null = BATCH,
  revert: string | null = null,
) => planSettlement([blockOf(bodies)], knowledge(submission, revert), ids)

describe('planning a settlement', () => {
  it('gives each movement of a batch to its payment and adds up one change per account', () => {
    const settlement = plan([...FIRST, ...SECOND, executed(2, 0)])
    expect(settlement.movements.map((movement) => movement.transactionId)).toEqual([
      'first',
      'first',
      'second',
    ])
    expect(settlement.payments.map(({ transactionId, amount }) => [transactionId, amount])).toEqual([
      ['first', 11n],
      ['second', 5n],
    ])
    expect(
      settlement.changes.map(({ accountId, settled, held, pendingIn }) => [
        accountId,
        settled,
        held,
        pendingIn,
      ]),
    ).toEqual([
      ['ann', -6n, -11n, -5n],
      ['bob', 5n, -5n, -10n],
      ['shop', 1n, 0n, -1n],
    ])
  })

  it('records a skipped payment without touching its hold', () => {
    const settlement = plan([...SECOND, skip(0, 'ItemCapExceeded'), executed(1, 1)])
    expect(settlement.failures).toMatchObject([{ transactionId: 'first', code: 'item_cap_exceeded' }])
    expect(settlement.payments.map((payment) => payment.transactionId)).toEqual(['second'])
    expect(settlement.changes.find((change) => change.accountId === 'ann')).toMatchObject({
      settled: 5n,
      held: 0n,
    })
  })

  it('has words for a reason it does not know', () => {
    const settlement = plan([...FIRST, skip(1, '0x12345678'), executed(1, 1)])
    expect(settlement.failures).toMatchObject([
      { code: 'payment_skipped', reason: 'The token rules skipped the payment: 0x12345678.' },
    ])
  })

  it('records every payment of a reverted batch', () => {
    const settlement = plan([], BATCH, 'it is paused')
    expect(settlement.failures.map(({ transactionId, code }) => [transactionId, code])).toEqual([
      ['first', 'batch_reverted'],
      ['second', 'batch_reverted'],
    ])
    expect(settlement.failures[0]?.reason).toContain('it is paused')
    expect(settlement.submissions).toMatchObject([{ id: 'sub', revertReason: 'it is paused' }])
  })

  it('enters the transfers of strangers, with accounts for addresses met for the first time', () => {
    const settlement = plan(
      [
        transfer(ISSUANCE_ADDRESS, '0xann', 100n),
        transfer('0xann', '0xnew', 1n),
        transfer('0xnew', '0xnew', 1n),
      ],
      null,
    )
    expect(settlement.newAccounts.map(({ kind, address }) => [kind, address])).toEqual([
      ['issuance', ISSUANCE_ADDRESS],
      ['external', '0xnew'],
    ])
    expect(settlement.movements.every((movement) => movement.transactionId === null)).toBe(true)
    expect(settlement.changes.reduce((sum, change) => sum + change.settled, 0n)).toBe(0n)
  })

  it('passes by transfers of nothing and tokens of nobody', () => {
    const settlement = plan([transfer('0xann', '0xbob', 0n), transfer('0xann', '0xbob', 3n, '0xother')], null)
    expect(settlement.movements).toEqual([])
    expect(settlement.changes).toEqual([])
  })

  it('settles an administrative call by its status alone', () => {
    const grant: KnownSubmission = {
      id: 'sub',
      kind: 'faucet_grant',
      economyId: 'eco',
      txHash: TX,
      payments: [],
    }
    const settlement = plan([transfer(ISSUANCE_ADDRESS, '0xann', 100n)], grant)
    expect(settlement.submissions).toMatchObject([{ id: 'sub', revertReason: null }])
    expect(settlement.movements).toHaveLength(1)
    expect(settlement.payments).toEqual([])
  })

  it.each<[string, readonly LogBody[]]>([
    [
      'a leg moved another amount',
      [transfer('0xann', '0xbob', 11n), ...FIRST.slice(1), ...SECOND, executed(2, 0)],
    ],
    [
      'a leg went to somebody else',
      [transfer('0xann', '0xshop', 10n), ...FIRST.slice(1), ...SECOND, executed(2, 0)],
    ],
    ['a leg is missing', [...FIRST.slice(1), ...SECOND, executed(2, 0)]],
    ['the legs stand in another order', [...SECOND, ...FIRST, executed(2, 0)]],
    ['something else moved too', [...FIRST, ...SECOND, transfer('0xbob', '0xann', 1n), executed(2, 0)]],
    ['a skipped payment moved', [...FIRST, ...SECOND, skip(0, 'ZeroAmount'), executed(1, 1)]],
    ['nothing says that the batch was executed', [...FIRST, ...SECOND]],
    ['two batches were executed', [...FIRST, ...SECOND, executed(2, 0), executed(2, 0)]],
    ['the counts do not fit the batch', [...FIRST, ...SECOND, executed(3, 0)]],
    ['a skip is counted but not reported', [...FIRST, executed(1, 1)]],
    [
      'another contract reports in its name',
      [...FIRST, skip(1, 'ZeroAmount', '0xevil'), executed(1, 1, '0xevil')],
    ],
  ])('refuses to settle when %s', (_, bodies) => {
    expect(() => plan(bodies)).toThrow(LedgerInconsistency)
  })

  it('refuses a batch of an economy whose token it does not know', () => {
    expect(() => plan([executed(2, 0)], { ...BATCH, economyId: 'other' })).toThrow(LedgerInconsistency)
  })
})
