import { type ASTVisitor, GraphQLError, type SelectionSetNode, type ValidationContext } from 'graphql'
import type { ComplexityEstimatorArgs } from 'graphql-query-complexity'
import { PAGE_LIMIT_MAX } from '#core/shared/page.ts'

/** Words of a document: the parser stops there. */
export const QUERY_TOKENS_MAX = 4_000
/** Fields inside each other: what the explorers' introspection query needs. */
export const QUERY_DEPTH_MAX = 16
/** Fields with another name: each may be the same expensive thing once more. */
export const ALIASES_MAX = 30
/** What one operation may cost: some ten full pages of nodes with a dozen fields each. */
export const COST_MAX = 15_000
/** What a write costs besides the fields it answers. */
const WRITE = 10
/** Nodes that the cost of a document is counted over, fragments expanded. */
export const COST_NODES_MAX = 20_000

/** A page costs what one of its nodes costs, as often as it may have nodes. */
export function pageCost({ args, childComplexity }: ComplexityEstimatorArgs): number {
  const first: unknown = args['first']
  const rows = typeof first === 'number' && first > 0 ? Math.min(first, PAGE_LIMIT_MAX) : 1
  return 1 + rows * Math.max(1, childComplexity)
}

/** A write costs what it answers, and the work itself. */
export function COST_OF_WRITE({ childComplexity }: ComplexityEstimatorArgs): number {
  return WRITE + childComplexity
}

/** Refuses what is nested too deep, and too many aliases, before anything runs. Fragments count where they are used. */
export function boundsRule(context: ValidationContext): ASTVisitor {
  let aliases = 0
  return {
    Field(node) {
      if (node.alias) aliases += 1
    },
    OperationDefinition(node) {
      const depth = depthOf(context, node.selectionSet, new Map(), new Set())
      if (depth <= QUERY_DEPTH_MAX) return
      context.reportError(
        new GraphQLError(`The operation is ${depth} levels deep; at most ${QUERY_DEPTH_MAX} are taken.`, {
          nodes: node,
        }),
      )
    },
    Document: {
      leave(node) {
        if (aliases <= ALIASES_MAX) return
        const message = `The document has ${aliases} aliases; at most ${ALIASES_MAX} are taken. Ask in several requests.`
        context.reportError(new GraphQLError(message, { nodes: node }))
      },
    },
  }
}

/** A fragment that leads back to itself is refused by another rule; here it ends the way. */
function depthOf(
  context: ValidationContext,
  { selections }: SelectionSetNode,
  known: Map<string, number>,
  entered: Set<string>,
): number {
  const depths = selections.map((selection) => {
    if (selection.kind === 'Field')
      return 1 + (selection.selectionSet ? depthOf(context, selection.selectionSet, known, entered) : 0)
    if (selection.kind === 'InlineFragment') return depthOf(context, selection.selectionSet, known, entered)
    const name = selection.name.value
    const fragment = context.getFragment(name)
    if (!fragment || entered.has(name)) return 0
    const depth =
      known.get(name) ?? depthOf(context, fragment.selectionSet, known, new Set([...entered, name]))
    known.set(name, depth)
    return depth
  })
  return Math.max(0, ...depths)
}
