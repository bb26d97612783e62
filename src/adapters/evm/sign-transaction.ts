import { SigningKey } from 'ethers'
import type { SignedTransaction, UnsignedTransaction } from '#core/chain/lane-signer.ts'
import { bytesToHex, hexToBytes, keccak256 } from './bytes.ts'

const EIP1559_TYPE = Buffer.from([0x02])
const NOTHING = Buffer.alloc(0)

/**
 * Signs an EIP-1559 transaction. Encoded here in bytes: ethers goes through hex strings, which takes
 * 20–50 ms for a batch of 1,000 payments, against 5 ms.
 * @see EIP-1559, EIP-2718
 */
export function signTransaction(key: SigningKey, transaction: UnsignedTransaction): SignedTransaction {
  const fields = [
    integer(transaction.chainId),
    integer(transaction.nonce),
    integer(transaction.maxPriorityFeePerGas),
    integer(transaction.maxFeePerGas),
    integer(transaction.gasLimit),
    string(hexToBytes(transaction.to)),
    integer(transaction.value ?? 0n),
    string(transaction.data),
    list([]),
  ]
  const signature = key.sign(keccak256(Buffer.concat([EIP1559_TYPE, list(fields)])))
  const seal = [integer(signature.yParity), integer(BigInt(signature.r)), integer(BigInt(signature.s))]
  const rawTx = Buffer.concat([EIP1559_TYPE, list([...fields, ...seal])])
  return { rawTx, txHash: bytesToHex(keccak256(rawTx)) }
}

// RLP, Yellow Paper appendix B.

function integer(value: bigint | number): Buffer {
  const hex = value.toString(16)
  return string(BigInt(value) === 0n ? NOTHING : Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex'))
}

function string(bytes: Uint8Array): Buffer {
  const [first] = bytes
  if (bytes.length === 1 && first !== undefined && first < 0x80) return Buffer.from(bytes)
  return Buffer.concat([head(0x80, bytes.length), bytes])
}

function list(items: readonly Buffer[]): Buffer {
  const body = Buffer.concat(items)
  return Buffer.concat([head(0xc0, body.length), body])
}

function head(offset: number, length: number): Buffer {
  if (length < 56) return Buffer.from([offset + length])
  const hex = length.toString(16)
  const size = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return Buffer.concat([Buffer.from([offset + 55 + size.length]), size])
}
