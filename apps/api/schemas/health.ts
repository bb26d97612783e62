import { Type } from 'typebox'

export const LiveSchema = Type.Object({ status: Type.Literal('alive') })

export const ReadySchema = Type.Object({
  status: Type.Enum(['ready', 'not_ready']),
  checks: Type.Array(
    Type.Object({
      name: Type.String({ examples: ['postgres', 'redis', 'chain:31002'] }),
      status: Type.Enum(['ok', 'failed']),
      detail: Type.String({ description: 'In words, without addresses or versions.' }),
    }),
  ),
})
