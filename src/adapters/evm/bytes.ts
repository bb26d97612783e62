import { createKeccak } from 'hash-wasm'

const UUID_BYTES = 16
const WORD_BYTES = 32

/** One for the process: each use of it is begun and ended without a pause. */
const keccak = await createKeccak(256)

/** keccak-256 as bytes. In WebAssembly, for a batch is hashed whole, twice: ethers' own, in JavaScript, takes twenty times as long. */
export function keccak256(bytes: Uint8Array): Buffer {
  keccak.init()
  keccak.update(bytes)
  return Buffer.from(keccak.digest('binary'))
}

/** Bytes of `0x…`. @throws TypeError when the text is no hex of whole bytes. */
export function hexToBytes(hex: string): Buffer {
  if (!/^0x(?:[0-9a-f]{2})*$/i.test(hex)) throw new TypeError('not a hex string of whole bytes')
  return Buffer.from(hex.slice(2), 'hex')
}

/** Lower-case hex with 0x. */
export function bytesToHex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`
}

/** A UUID as bytes32: its 16 bytes, then zeros. The name of economies and batches on the chain. */
export function uuidToBytes32(uuid: string): Buffer {
  const bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex')
  if (bytes.length !== UUID_BYTES) throw new TypeError('not a UUID')
  return Buffer.concat([bytes, Buffer.alloc(WORD_BYTES - UUID_BYTES)])
}

/** The UUID in a bytes32 that {@link uuidToBytes32} made; null for any other. */
export function bytes32ToUuid(word: string): string | null {
  const match = /^0x([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})0{32}$/i.exec(word)
  return match ? match.slice(1).join('-').toLowerCase() : null
}

/** A quantity of JSON-RPC. */
export function toQuantity(value: bigint | number): string {
  return `0x${value.toString(16)}`
}
