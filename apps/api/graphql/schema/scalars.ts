import { GraphQLError, GraphQLScalarType, Kind, valueFromASTUntyped } from 'graphql'
import type { Metadata } from '#core/shared/metadata.ts'

const isLabels = (value: unknown): value is Metadata =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((part) => ['string', 'number', 'boolean'].includes(typeof part))

function toLabels(value: unknown): Metadata {
  if (!isLabels(value)) throw new GraphQLError('Metadata is an object of text, numbers and booleans.')
  return value
}

/** Text as it came; what it must look like is checked where REST checks it. */
const isText = (value: unknown): string => {
  if (typeof value !== 'string') throw new GraphQLError('must be text.')
  return value
}

export const DateTime = new GraphQLScalarType({
  name: 'DateTime',
  description: 'A point in time, ISO 8601: `2026-11-20T09:30:00.000Z`.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  parseValue: isText,
})

export const Units = new GraphQLScalarType({
  name: 'Units',
  description: 'Base units of a token, or wei, as a decimal string: never a float.',
  parseValue: isText,
})

export const JsonValue = new GraphQLScalarType({ name: 'JSON', description: 'Any JSON value.' })

export const MetadataScalar = new GraphQLScalarType({
  name: 'Metadata',
  description: 'Your own labels: text, numbers and booleans by name.',
  parseValue: toLabels,
  parseLiteral: (node, variables) => {
    if (node.kind !== Kind.OBJECT)
      throw new GraphQLError('Metadata is an object of text, numbers and booleans.')
    // valueFromASTUntyped makes objects without a prototype; the validators expect ordinary ones.
    return toLabels({ ...(valueFromASTUntyped(node, variables) as object) })
  },
})
