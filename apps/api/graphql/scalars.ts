import type { Metadata } from '#core/shared/metadata.ts'
import { GraphQLError, GraphQLScalarType, Kind, valueFromASTUntyped } from './graphql.ts'

const isLabels = (value: unknown): value is Metadata =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((part) => ['string', 'number', 'boolean'].includes(typeof part))

function toLabels(value: unknown): Metadata {
  if (!isLabels(value)) throw new GraphQLError('Metadata is an object of text, numbers and booleans.')
  return value
}

/** Scalars of the schema. Dates and units are text already when they get here. */
export const scalars = {
  DateTime: new GraphQLScalarType({ name: 'DateTime' }),
  Units: new GraphQLScalarType({ name: 'Units' }),
  JSON: new GraphQLScalarType({ name: 'JSON' }),
  Metadata: new GraphQLScalarType({
    name: 'Metadata',
    parseValue: toLabels,
    parseLiteral: (node, variables) => {
      if (node.kind !== Kind.OBJECT)
        throw new GraphQLError('Metadata is an object of text, numbers and booleans.')
      // valueFromASTUntyped makes objects without a prototype; the validators expect ordinary ones.
      return toLabels({ ...(valueFromASTUntyped(node, variables) as object) })
    },
  }),
}
