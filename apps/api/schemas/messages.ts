import { Type } from 'typebox'
import { Address, Nullable, Timestamp } from './common.ts'

/** An address as people write it. */
export const AddressGiven = Type.String({
  pattern: '^0x[0-9a-fA-F]{40}$',
  examples: ['0x8ba1f109551bd432803012645ac136ddd64dba72'],
})
export const Hash = Type.String({ pattern: '^0x[0-9a-f]{64}$', examples: [`0x${'1f'.repeat(32)}`] })

export const MessageSignature = Type.String({ pattern: '^0x[0-9a-fA-F]{130}$' })

/** Of {@link ValidForSeconds}, where it is left out. */
export const VALID_FOR_SECONDS = 86_400

export const ValidForSeconds = Type.Optional(
  Type.Integer({
    minimum: 300,
    maximum: 2_592_000,
    description: 'How long it may be brought to the gateway. Left out: a day.',
  }),
)

export const TypedDataSchema = Type.Unsafe<Record<string, unknown>>({
  type: 'object',
  additionalProperties: true,
})

export const Transaction = Type.Object({
  chain_id: Type.Integer({ examples: [31_001] }),
  to: Address,
  data: Type.String({ description: 'Hex. Sent without value.' }),
})

/** One step of a message between the chains. */
export function MessageStepOf<const Names extends readonly string[]>(names: Names, description: string) {
  return Type.Object({
    name: Type.Enum([...names] as { -readonly [Place in keyof Names]: Names[Place] }, { description }),
    status: Type.Enum(['pending', 'running', 'done']),
    transaction_hash: Nullable(Hash),
    started_at: Nullable(Timestamp),
    finished_at: Nullable(Timestamp),
  })
}
