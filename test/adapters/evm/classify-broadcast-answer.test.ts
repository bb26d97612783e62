import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { classifyBroadcastAnswer } from '#adapters/evm/classify-broadcast-answer.ts'

const HASH = `0x${'ab'.repeat(32)}`

describe('classifyBroadcastAnswer', () => {
  it('accepts our own hash', () => {
    expect(classifyBroadcastAnswer({ hash: HASH }, HASH)).toEqual({
      verdict: 'accepted',
      reason: 'accepted',
      message: '',
    })
    expect(classifyBroadcastAnswer({ hash: `0x${'AB'.repeat(32)}` }, HASH).verdict).toBe('accepted')
  })

  it.each([[`0x${'cd'.repeat(32)}`], [null], [{}], ['']])('does not believe the answer %s', (hash) => {
    expect(classifyBroadcastAnswer({ hash }, HASH)).toMatchObject({ verdict: 'unknown', reason: 'unclear' })
  })

  it.each([
    // geth, reth, erigon, nethermind, besu, anvil
    ['already known', 'accepted', 'already_known'],
    ['AlreadyKnown', 'accepted', 'already_known'],
    ['transaction already imported', 'accepted', 'already_known'],
    ['Known transaction', 'accepted', 'already_known'],
    ['tx already in mempool', 'accepted', 'already_known'],
    ['nonce too low', 'unknown', 'nonce_used'],
    ['nonce too low: next nonce 5, tx nonce 3', 'unknown', 'nonce_used'],
    ['OldNonce, Current nonce: 5, nonce of rejected tx: 3', 'unknown', 'nonce_used'],
    ['Nonce too low', 'unknown', 'nonce_used'],
    ['nonce has already been used', 'unknown', 'nonce_used'],
    [
      'insufficient funds for gas * price + value: balance 1, tx cost 2, overshot 1',
      'rejected',
      'out_of_funds',
    ],
    ['Insufficient funds for gas * price + value', 'rejected', 'out_of_funds'],
    ['Upfront cost exceeds account balance', 'rejected', 'out_of_funds'],
    ['InsufficientFunds, Account balance: 0, cumulative cost: 1', 'rejected', 'out_of_funds'],
    ['replacement transaction underpriced', 'rejected', 'replacement_underpriced'],
    ['could not replace existing tx', 'rejected', 'replacement_underpriced'],
    ['ReplacementNotAllowed', 'rejected', 'replacement_underpriced'],
    ['transaction underpriced', 'rejected', 'underpriced'],
    ['transaction underpriced: gas tip cap 1, minimum needed 1000000', 'rejected', 'underpriced'],
    ['max fee per gas less than block base fee', 'rejected', 'underpriced'],
    ['fee cap less than block base fee', 'rejected', 'underpriced'],
    ['FeeTooLow, MaxFeePerGas too low', 'rejected', 'underpriced'],
    ['gas price below configured minimum gas price', 'rejected', 'underpriced'],
    ['invalid chain id for signer: have 1 want 2', 'rejected', 'wrong_chain'],
    ['invalid chain ID', 'rejected', 'wrong_chain'],
    ['invalid sender', 'rejected', 'wrong_chain'],
    ['intrinsic gas too low: gas 21000, minimum needed 30000', 'rejected', 'gas_too_low'],
    ['intrinsic gas too low', 'rejected', 'gas_too_low'],
    ['insufficient gas for floor data gas cost: gas 1, minimum needed 2', 'rejected', 'gas_too_low'],
    ['exceeds block gas limit', 'rejected', 'gas_too_high'],
    ['transaction gas limit too high (cap: 16777216, tx: 16777217)', 'rejected', 'gas_too_high'],
    ['intrinsic gas too high', 'rejected', 'gas_too_high'],
    ['rlp: expected input list for types.LegacyTx', 'rejected', 'malformed'],
    ['Failed to decode signed transaction', 'rejected', 'malformed'],
    ['transaction type not supported', 'rejected', 'malformed'],
    ['max priority fee per gas higher than max fee per gas', 'rejected', 'malformed'],
    ['oversized data: transaction size 200000, limit 131072', 'rejected', 'malformed'],
    ['nonce too high', 'unknown', 'not_now'],
    ['NonceGap, Future nonce', 'unknown', 'not_now'],
    ['txpool is full', 'unknown', 'not_now'],
    ['internal error', 'unknown', 'unclear'],
    ['execution aborted (timeout = 5s)', 'unknown', 'unclear'],
    ['', 'unknown', 'unclear'],
  ])('reads "%s" as %s (%s)', (refusal, verdict, reason) => {
    expect(classifyBroadcastAnswer({ refusal }, HASH)).toMatchObject({ verdict, reason })
  })

  it('counts a used nonce as ours once the node knows our hash', () => {
    const answer = { refusal: 'nonce too low' }
    expect(classifyBroadcastAnswer(answer, HASH, true)).toMatchObject({
      verdict: 'accepted',
      reason: 'already_mined',
    })
    expect(classifyBroadcastAnswer(answer, HASH, false)).toMatchObject({
      verdict: 'unknown',
      reason: 'nonce_used',
    })
  })

  it('never makes a verdict of silence, whatever its words', () => {
    fc.assert(
      fc.property(fc.string(), (failure) => {
        expect(classifyBroadcastAnswer({ failure }, HASH).verdict).toBe('unknown')
      }),
    )
    expect(classifyBroadcastAnswer({ failure: 'insufficient funds' }, HASH).verdict).toBe('unknown')
  })

  it('shortens what the node says', () => {
    expect(classifyBroadcastAnswer({ refusal: 'x'.repeat(10_000) }, HASH).message).toHaveLength(300)
  })
})
