import { createRequire } from 'node:module'

/**
 * The very copy of graphql that mercurius uses. The package has a CommonJS and an ES build, whose classes are not each
 * other's; mercurius requires the former, so `import` would give us the wrong one.
 */
const graphql = createRequire(import.meta.url)('graphql') as typeof import('graphql')

export const {
  defaultFieldResolver,
  GraphQLError,
  GraphQLObjectType,
  GraphQLScalarType,
  Kind,
  valueFromASTUntyped,
} = graphql
