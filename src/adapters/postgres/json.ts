import type { Prisma } from './generated/client.ts'

/** A value as JSON stores it: dates become text, absent fields go. */
export function toJson(value: unknown): Prisma.InputJsonValue {
  // What JSON.parse returns is JSON; null at the top is no use of ours.
  return JSON.parse(JSON.stringify(value)) as Prisma.InputJsonValue
}
