import { ChainUnavailable } from '#core/chain/chain-rpc.ts'

// Readers of a node's answers. What has not the promised form counts as no answer.

export function asText(value: unknown): string {
  if (typeof value !== 'string') throw new ChainUnavailable('a node answered without the text it should have')
  return value
}

export function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null)
    throw new ChainUnavailable('a node answered without the object it should have')
  return { ...value }
}

export function asList(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new ChainUnavailable('a node answered without the list it should have')
  return value
}

export function quantityToBigInt(value: unknown): bigint {
  const text = asText(value)
  if (!/^0x[0-9a-f]+$/i.test(text))
    throw new ChainUnavailable('a node answered without the number it should have')
  return BigInt(text)
}

/** @throws ChainUnavailable also for a number that JavaScript cannot hold exactly. */
export function quantityToNumber(value: unknown): number {
  const number = Number(quantityToBigInt(value))
  if (!Number.isSafeInteger(number)) throw new ChainUnavailable('a node answered with a number out of range')
  return number
}
