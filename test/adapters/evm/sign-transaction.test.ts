import { SigningKey, Transaction } from 'ethers'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { bytesToHex } from '#adapters/evm/bytes.ts'
import { signTransaction } from '#adapters/evm/sign-transaction.ts'

const KEY = new SigningKey(`0x${'11'.repeat(32)}`)
const amount = fc.bigInt({ min: 0n, max: 2n ** 96n })

it('signs byte for byte what ethers signs', () => {
  const unsigned = fc.record({
    chainId: fc.integer({ min: 1, max: 2 ** 40 }),
    nonce: fc.integer({ min: 0, max: 2 ** 40 }),
    to: fc.uint8Array({ minLength: 20, maxLength: 20 }).map(bytesToHex),
    data: fc.oneof(
      fc.uint8Array({ maxLength: 120 }),
      fc.uint8Array({ minLength: 60_000, maxLength: 70_000 }),
    ),
    gasLimit: amount,
    value: amount,
    maxFeePerGas: amount,
    maxPriorityFeePerGas: amount,
  })
  fc.assert(
    fc.property(unsigned, (transaction) => {
      // ethers refuses a tip above the fee; a node would, too.
      const fees = [transaction.maxFeePerGas, transaction.maxPriorityFeePerGas].toSorted((a, b) =>
        a < b ? -1 : 1,
      )
      const [maxPriorityFeePerGas = 0n, maxFeePerGas = 0n] = fees
      const ours = signTransaction(KEY, { ...transaction, maxFeePerGas, maxPriorityFeePerGas })
      const theirs = Transaction.from({
        ...transaction,
        maxFeePerGas,
        maxPriorityFeePerGas,
        data: bytesToHex(transaction.data),
        type: 2,
      })
      theirs.signature = KEY.sign(theirs.unsignedHash)
      expect(bytesToHex(ours.rawTx)).toBe(theirs.serialized)
      expect(ours.txHash).toBe(theirs.hash)
    }),
    { numRuns: 60 },
  )
})
