import { Type } from 'typebox'
import type { Metadata } from '#core/shared/metadata.ts'

/** Bounds of a caller's own notes on a resource. */
export const METADATA_KEYS_MAX = 50
export const METADATA_KEY_LENGTH_MAX = 40
export const METADATA_VALUE_LENGTH_MAX = 500

export const MetadataSchema = Type.Unsafe<Metadata>({
  type: 'object',
  description: `Your own notes: up to ${METADATA_KEYS_MAX} keys; values are text of up to ${METADATA_VALUE_LENGTH_MAX} characters, numbers or booleans.`,
  maxProperties: METADATA_KEYS_MAX,
  propertyNames: {
    minLength: 1,
    maxLength: METADATA_KEY_LENGTH_MAX,
    not: { enum: ['__proto__', 'constructor', 'prototype'] },
  },
  additionalProperties: { type: ['string', 'number', 'boolean'], maxLength: METADATA_VALUE_LENGTH_MAX },
  examples: [{ order: 'A-1001', vip: true }],
})
