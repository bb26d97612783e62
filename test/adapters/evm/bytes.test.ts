import { keccak256 as keccakOfEthers } from 'ethers'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { bytesToHex, keccak256 } from '#adapters/evm/bytes.ts'

it('hashes any bytes as ethers does, one after the other', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
      expect(bytesToHex(keccak256(bytes))).toBe(keccakOfEthers(bytes))
    }),
  )
})

it('leaves a hash alone that was given before', () => {
  const first = keccak256(Buffer.from('first'))
  const before = bytesToHex(first)
  keccak256(Buffer.from('second'))
  expect(bytesToHex(first)).toBe(before)
})
