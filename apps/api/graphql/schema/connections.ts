import assert from 'node:assert'
import {
  GraphQLBoolean,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLOutputType,
  GraphQLString,
  isObjectType,
} from 'graphql'
import { edgeCursors, type List } from '../../plugins/pagination.ts'
import type { GraphqlContext } from '../context.ts'
import type { Source } from './type-book.ts'

const PageInfo = new GraphQLObjectType({
  name: 'PageInfo',
  description: 'Where a page stands in its list.',
  fields: {
    hasNextPage: { type: new GraphQLNonNull(GraphQLBoolean), description: 'More follows after `endCursor`.' },
    hasPreviousPage: {
      type: new GraphQLNonNull(GraphQLBoolean),
      description: 'The page was asked for with `after`: something came before it.',
    },
    startCursor: {
      type: GraphQLString,
      description: 'The cursor of the first edge. Null: the page is empty.',
    },
    endCursor: {
      type: GraphQLString,
      description: 'Give it as `after` to get the next page. The same as `next_cursor` over REST.',
    },
  },
})

/** Connections, each once by the type of its nodes. */
export class Connections {
  readonly #types = new Map<string, GraphQLObjectType>()
  readonly #edges = new Map<string, GraphQLObjectType>()

  /** One node with its cursor. */
  edge(nodeType: GraphQLObjectType): GraphQLObjectType {
    const { name } = nodeType
    const known = this.#edges.get(name)
    if (known) return known
    const edge = new GraphQLObjectType<Source, GraphqlContext>({
      name: `${name}Edge`,
      description: `One ${name} of a list, and its place there.`,
      fields: {
        node: { type: new GraphQLNonNull(nodeType), description: 'What is listed.' },
        cursor: {
          type: new GraphQLNonNull(GraphQLString),
          description: 'Give it as `after` to go on from here.',
        },
      },
    })
    this.#edges.set(name, edge)
    return edge
  }

  of(node: GraphQLOutputType): GraphQLObjectType {
    const nodeType = node instanceof GraphQLNonNull ? node.ofType : node
    assert(isObjectType(nodeType), 'lists are of objects')
    const { name } = nodeType
    const known = this.#types.get(name)
    if (known) return known
    const edge = this.edge(nodeType)
    const type = new GraphQLObjectType({
      name: `${name}Connection`,
      description: `A page of a list of ${name}, after the Relay specification of cursor connections.`,
      fields: {
        edges: {
          type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(edge))),
          description: 'The page’s nodes with their cursors.',
        },
        nodes: {
          type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(nodeType))),
          description: 'The page’s nodes, for those who need no cursors.',
        },
        pageInfo: { type: new GraphQLNonNull(PageInfo), description: 'Where the page stands in its list.' },
      },
    })
    this.#types.set(name, type)
    return type
  }
}

/** A list of REST as a connection. */
export function toConnection(list: List, isAfter: boolean) {
  const cursors = edgeCursors(list)
  const edges = list.data.map((node, index) => ({ node, cursor: cursors[index] }))
  return {
    edges,
    nodes: list.data,
    pageInfo: {
      hasNextPage: list.has_more,
      hasPreviousPage: isAfter,
      startCursor: cursors[0] ?? null,
      endCursor: list.next_cursor ?? cursors.at(-1) ?? null,
    },
  }
}
