import { describe, expect, it } from 'vitest'
import { comparedHeights, type HeadReport, judgeHeads } from '#adapters/evm/judge-heads.ts'

const report = (head: number, hashAtHeight: string | null, more: Partial<HeadReport> = {}): HeadReport => ({
  claimed: head,
  head,
  headTime: 1_000,
  hashes: [hashAtHeight, hashAtHeight],
  hashAtAnchor: null,
  ...more,
})
const judge = (
  reports: (HeadReport | null)[],
  {
    anchor = null,
    wasStale = [],
  }: { anchor?: { number: number; hash: string } | null; wasStale?: boolean[] } = {},
) => judgeHeads(reports, { staleBlocks: 3, anchor, wasStale, nowSeconds: 1_000 })

describe('judgeHeads', () => {
  it('takes out a node too far behind, and lets it back when it has caught up', () => {
    expect(judge([report(100, 'a'), report(97, 'a')])).toEqual(['fit', 'fit'])
    expect(judge([report(100, 'a'), report(96, 'a')])).toEqual(['fit', 'stale'])
    expect(judge([report(100, 'a'), report(98, 'a')], { wasStale: [false, true] })).toEqual(['fit', 'stale'])
    expect(judge([report(100, 'a'), report(99, 'a')], { wasStale: [false, true] })).toEqual(['fit', 'fit'])
  })

  it('takes out a node that names a head that it cannot show, and believes no height of it', () => {
    expect(judge([report(100, 'a', { claimed: 5_000 }), report(100, 'a')])).toEqual(['lying', 'fit'])
  })

  it('takes out the minority at a final height; of two the second', () => {
    expect(judge([report(100, 'x'), report(100, 'a'), report(100, 'a')])).toEqual(['lying', 'fit', 'fit'])
    expect(judge([report(100, 'a'), report(100, 'x')])).toEqual(['fit', 'lying'])
  })

  it('believes what the ledger took for final more than the order and the majority', () => {
    const anchor = { number: 90, hash: 'ours' }
    const honest = report(100, 'a', { hashAtAnchor: 'ours' })
    const liar = report(100, 'x', { hashAtAnchor: 'theirs' })
    expect(judge([liar, honest], { anchor })).toEqual(['lying', 'fit'])
    expect(judge([liar, liar, honest], { anchor })).toEqual(['lying', 'lying', 'fit'])
  })

  it('does not believe a liar because the others are silent', () => {
    const anchor = { number: 90, hash: 'ours' }
    expect(judge([report(100, 'x', { hashAtAnchor: 'theirs' }), null], { anchor })).toEqual([
      'lying',
      'silent',
    ])
  })

  it('takes nobody out when all of them contradict the ledger: the chain has changed', () => {
    const anchor = { number: 90, hash: 'ours' }
    const other = report(100, 'x', { hashAtAnchor: 'theirs' })
    expect(judge([other, other], { anchor })).toEqual(['fit', 'fit'])
  })

  it('takes a node that was rolled back for stale, not for a liar', () => {
    const anchor = { number: 90, hash: 'ours' }
    const rolledBack = report(40, null)
    expect(judge([rolledBack, report(100, 'a', { hashAtAnchor: 'ours' })], { anchor })).toEqual([
      'stale',
      'fit',
    ])
  })

  it('does not believe a chain that is longer because it was made up: its head is in the future', () => {
    const madeUp = report(300, null, { headTime: 1_200 })
    expect(judge([madeUp, report(100, 'a')])).toEqual(['lying', 'fit'])
    const ahead = { headTime: 1_600 }
    expect(judge([report(100, 'a', ahead), report(100, 'a', ahead)])).toEqual(['fit', 'fit'])
  })

  it('compares where the one furthest behind is final, so that a longer chain hides nothing', () => {
    const longer = report(300, 'x')
    const shorter = report(100, null, { hashes: ['a', null] })
    expect(judge([shorter, { ...longer, hashes: ['x', 'y'] }])).toEqual(['fit', 'lying'])
    expect(comparedHeights([100, 98], { staleBlocks: 3, finalityDepth: 5 })).toEqual([93, 92])
    expect(comparedHeights([100, 40], { staleBlocks: 3, finalityDepth: 5 })).toEqual([35, 92])
    expect(comparedHeights([4], { staleBlocks: 3, finalityDepth: 5 })).toEqual([0, 0])
  })
})
