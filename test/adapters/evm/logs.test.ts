import { Interface } from 'ethers'
import { describe, expect, it } from 'vitest'
import { uuidToBytes32 } from '#adapters/evm/bytes.ts'
import { decodeLog, LEDGER_TOPICS, readRawLog } from '#adapters/evm/logs.ts'
import { decodeRevertReason } from '#adapters/evm/revert-reason.ts'
import { ChainUnavailable } from '#core/chain/chain-rpc.ts'

const EVENTS = new Interface([
  'event Transfer(address indexed from, address indexed to, uint256 value)',
  'event PaymentSkipped(bytes32 indexed batchId, uint256 indexed index, bytes4 reason)',
  'event BatchExecuted(bytes32 indexed batchId, uint256 executed, uint256 skipped)',
  'event Approval(address indexed owner, address indexed spender, uint256 value)',
  'error WindowCapExceeded()',
  'error MalformedBatch(uint256 offset)',
  'error Unheard(uint256 offset)',
])
const SUBMISSION = '019a9d3e-0000-7000-8000-0123456789ab'
const FROM = '0x1111111111111111111111111111111111111aAa'
const TO = '0x2222222222222222222222222222222222222222'

function rawLog(name: string, args: readonly unknown[], topics?: readonly string[]) {
  const encoded = EVENTS.encodeEventLog(name, args)
  return readRawLog({
    address: '0xABCDEFabcdefABCDEFabcdefABCDEFabcdefABCD',
    topics: topics ?? encoded.topics,
    data: encoded.data,
    blockHash: '0x01',
    transactionHash: '0x02',
    logIndex: '0x1f',
  })
}

describe('the ledger’s logs', () => {
  const place = { address: '0xabcdefabcdefabcdefabcdefabcdefabcdefabcd', txHash: '0x02', logIndex: 31 }

  it('reads a transfer of the largest amount, with addresses in lower case', () => {
    const amount = 2n ** 256n - 1n
    expect(decodeLog(rawLog('Transfer', [FROM, TO, amount]))).toEqual({
      type: 'transfer',
      ...place,
      from: FROM.toLowerCase(),
      to: TO.toLowerCase(),
      amount,
    })
  })

  it('reads a skipped payment with the name of its reason', () => {
    const selector = EVENTS.getError('WindowCapExceeded')?.selector
    expect(decodeLog(rawLog('PaymentSkipped', [uuidToBytes32(SUBMISSION), 999, selector]))).toEqual({
      type: 'payment_skipped',
      ...place,
      submissionId: SUBMISSION,
      index: 999,
      reason: 'WindowCapExceeded',
    })
  })

  it('keeps the selector of a reason without a name', () => {
    expect(decodeLog(rawLog('PaymentSkipped', [uuidToBytes32(SUBMISSION), 0, '0x12345678']))).toMatchObject({
      reason: '0x12345678',
    })
  })

  it('reads the end of a batch, and sees that a foreign batch is none of ours', () => {
    expect(decodeLog(rawLog('BatchExecuted', [uuidToBytes32(SUBMISSION), 998, 2]))).toEqual({
      type: 'batch_executed',
      ...place,
      submissionId: SUBMISSION,
      executed: 998,
      skipped: 2,
    })
    expect(decodeLog(rawLog('BatchExecuted', [`0x${'ff'.repeat(32)}`, 1, 0]))).toMatchObject({
      submissionId: null,
    })
  })

  it('passes by other events, and transfers of another form', () => {
    expect(decodeLog(rawLog('Approval', [FROM, TO, 1n]))).toBeNull()
    const { topics } = EVENTS.encodeEventLog('Transfer', [FROM, TO, 1n])
    expect(decodeLog(rawLog('Transfer', [FROM, TO, 1n], [...topics, `0x${'00'.repeat(32)}`]))).toBeNull()
    expect(decodeLog(rawLog('Transfer', [FROM, TO, 1n], topics.slice(0, 2)))).toBeNull()
  })

  it('asks the node for exactly the events it reads', () => {
    const names = ['Transfer', 'PaymentSkipped', 'BatchExecuted']
    expect(LEDGER_TOPICS).toEqual(names.map((name) => EVENTS.getEvent(name)?.topicHash))
  })

  it('takes an answer that is no log for no answer', () => {
    expect(() => readRawLog({ address: '0x', data: '0x' })).toThrow(ChainUnavailable)
    expect(() => readRawLog(null)).toThrow(ChainUnavailable)
  })
})

describe('the reason of a revert', () => {
  it('names our errors with their arguments, in words where there are any', () => {
    expect(decodeRevertReason(EVENTS.encodeErrorResult('MalformedBatch', [13]))).toBe(
      'the batch is malformed: MalformedBatch(13)',
    )
  })

  it('passes on the text of a plain revert', () => {
    const text = new Interface(['error Error(string)']).encodeErrorResult('Error', ['not today'])
    expect(decodeRevertReason(text)).toBe('not today')
  })

  it('has no words for what it does not know', () => {
    expect(decodeRevertReason(EVENTS.encodeErrorResult('Unheard', [1]))).toBeNull()
    expect(decodeRevertReason('0x')).toBeNull()
    expect(decodeRevertReason(null)).toBeNull()
  })
})
