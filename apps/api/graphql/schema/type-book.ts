import assert from 'node:assert'
import {
  GraphQLBoolean,
  GraphQLEnumType,
  type GraphQLFieldConfigMap,
  GraphQLFloat,
  GraphQLID,
  type GraphQLInputFieldConfigMap,
  GraphQLInputObjectType,
  type GraphQLInputType,
  GraphQLInt,
  GraphQLInterfaceType,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLScalarType,
  GraphQLString,
} from 'graphql'
import { UNITS_PATTERN } from '../../schemas/common.ts'
import type { GraphqlContext } from '../context.ts'
import { camelCase, enumName, pascalCase } from '../names.ts'
import { ENUM_NAMES, fieldDescription, TYPE_NAMES, typeDescription } from './descriptions.ts'
import { type Json, mergeShapes, resourceOf, shapesOf } from './json-schema.ts'
import { DateTime, JsonValue, MetadataScalar, Units } from './scalars.ts'

export type Source = Record<string, unknown>
type Fields = GraphQLFieldConfigMap<Source, GraphqlContext>

/** Fields beside those of the JSON schema, by type: what a node leads to. */
export type Links = Readonly<Record<string, (book: TypeBook) => Fields>>

/** Turns the JSON schemas of routes into GraphQL types, each once. Presented objects have REST's names, fields read them. */
export class TypeBook {
  readonly node: GraphQLInterfaceType
  readonly #links: Links
  /** By the schema's text: the same shape is the same type. */
  readonly #outputs = new Map<string, GraphQLObjectType<Source, GraphqlContext>>()
  readonly #inputs = new Map<string, GraphQLInputObjectType>()
  readonly #enums = new Map<string, GraphQLEnumType>()
  readonly #taken = new Set<string>(['Query', 'Mutation', 'Subscription', 'Node', 'PageInfo'])
  readonly #byResource = new Map<string, GraphQLObjectType<Source, GraphqlContext>>()
  /** Resources that `node(id)` finds. */
  readonly #nodes: ReadonlySet<string>

  constructor(links: Links, nodes: ReadonlySet<string>) {
    this.#links = links
    this.#nodes = nodes
    this.node = new GraphQLInterfaceType({
      name: 'Node',
      description: 'Anything with an id of its own: `usr_…`, `txn_…`.',
      fields: {
        id: { type: new GraphQLNonNull(GraphQLID), description: 'The id, as everywhere in the API.' },
      },
      resolveType: (value: Source) => this.#byResource.get(String(value['object']))?.name,
    })
  }

  /** The type of a resource; it must have been seen in an answer. */
  resource(name: string): GraphQLObjectType<Source, GraphqlContext> {
    const type = this.#byResource.get(name)
    assert(type, `no route answers a ${name}`)
    return type
  }

  /** The type of an answer or a part of one. `hint` names what has no name of its own. */
  output(schema: Json, hint: string): GraphQLOutputType {
    const { isNullable, shapes } = shapesOf(schema)
    const type = this.#outputShape(mergeShapes(shapes), hint)
    return isNullable ? type : new GraphQLNonNull(type)
  }

  #outputShape(schema: Json, hint: string) {
    const simple = this.#simple(schema, hint)
    if (simple) return simple
    if (schema.type === 'array') return new GraphQLList(this.output(schema.items ?? {}, itemName(hint)))
    return schema.properties ? this.object(schema, hint) : JsonValue
  }

  object(schema: Json, hint: string): GraphQLObjectType<Source, GraphqlContext> {
    const key = JSON.stringify(schema.properties)
    const known = this.#outputs.get(key)
    if (known) return known
    const resource = resourceOf(schema)
    const isNode = resource !== undefined && this.#nodes.has(resource) && !this.#byResource.has(resource)
    const name = this.#name(schema, hint)
    const type: GraphQLObjectType<Source, GraphqlContext> = new GraphQLObjectType<Source, GraphqlContext>({
      name,
      description: typeDescription(name, schema, 'type'),
      interfaces: isNode ? [this.node] : [],
      fields: () => ({ ...this.#fields(schema, name), ...this.#links[name]?.(this) }),
    })
    this.#outputs.set(key, type)
    if (resource !== undefined && !this.#byResource.has(resource)) this.#byResource.set(resource, type)
    return type
  }

  #fields(schema: Json, typeName: string): Fields {
    const required = new Set(schema.required)
    const fields: Fields = {}
    for (const [wireName, part] of Object.entries(schema.properties ?? {})) {
      if (wireName === 'object') continue
      const type = isId(wireName, part) ? idType(part) : this.output(part, typeName + pascalCase(wireName))
      fields[camelCase(wireName)] = {
        type: required.has(wireName) || !(type instanceof GraphQLNonNull) ? type : type.ofType,
        description: fieldDescription(typeName, wireName, part),
        resolve: (source) => source[wireName],
      }
    }
    return fields
  }

  /** The type of a body or a part of one. */
  input(schema: Json, hint: string): GraphQLInputType {
    const shape = mergeShapes(shapesOf(schema).shapes)
    const simple = this.#simple(shape, hint)
    if (simple) return simple
    if (shape.type === 'array')
      return new GraphQLList(new GraphQLNonNull(this.input(shape.items ?? {}, itemName(hint))))
    return shape.properties ? this.#inputObject(shape, hint) : JsonValue
  }

  #inputObject(schema: Json, hint: string): GraphQLInputObjectType {
    // A body that changes something has the fields of the one that makes it, and none of them is needed.
    const key = JSON.stringify([schema.properties, schema.required, schema.minProperties])
    const known = this.#inputs.get(key)
    if (known) return known
    const name = this.#take(hint.endsWith('Input') ? hint : `${hint}Input`)
    const type: GraphQLInputObjectType = new GraphQLInputObjectType({
      name,
      description: typeDescription(name, schema, 'input'),
      fields: () => this.#inputFields(schema, hint, name),
    })
    this.#inputs.set(key, type)
    return type
  }

  #inputFields(schema: Json, hint: string, typeName: string): GraphQLInputFieldConfigMap {
    const fields: GraphQLInputFieldConfigMap = {}
    for (const [wireName, part] of Object.entries(schema.properties ?? {})) {
      fields[camelCase(wireName)] = {
        type: this.argument(wireName, part, `${hint.replace(/Input$/, '')}${pascalCase(wireName)}`, schema),
        description: withDefault(fieldDescription(typeName, wireName, part), part),
      }
    }
    return fields
  }

  /** The type of one argument or input field; one that must be there and has no default is not null. */
  argument(wireName: string, part: Json, hint: string, of: Pick<Json, 'required'>): GraphQLInputType {
    const type = isId(wireName, part) ? idInput(part) : this.input(part, hint)
    const isNeeded = of.required?.includes(wireName) === true && part.default === undefined
    return isNeeded && !shapesOf(part).isNullable ? new GraphQLNonNull(type) : type
  }

  #simple(schema: Json, hint: string): GraphQLScalarType | GraphQLEnumType | null {
    if (schema.enum) return this.#enum(schema.enum.map(String), schema, hint)
    if (schema.type === 'string' || typeof schema.const === 'string') {
      if (schema.format === 'date-time') return DateTime
      return schema.pattern === UNITS_PATTERN ? Units : GraphQLString
    }
    if (schema.type === 'boolean' || typeof schema.const === 'boolean') return GraphQLBoolean
    if (schema.type === 'integer') return GraphQLInt
    if (schema.type === 'number') return GraphQLFloat
    return schema.type === 'object' && schema.propertyNames ? MetadataScalar : null
  }

  #enum(values: string[], { description }: Json, hint: string): GraphQLEnumType {
    const key = values.join()
    const known = this.#enums.get(key)
    if (known) return known
    const name = this.#take(ENUM_NAMES[key] ?? hint.replace(/Input(?=[A-Z])/, ''))
    const type = new GraphQLEnumType({
      name,
      description: typeDescription(name, description === undefined ? {} : { description }, 'enum'),
      values: Object.fromEntries(
        values.map((value) => [
          enumName(value),
          { value, description: meaningOf(value, description) ?? `\`${value}\`` },
        ]),
      ),
    })
    this.#enums.set(key, type)
    return type
  }

  #name(schema: Json, hint: string): string {
    const resource = resourceOf(schema)
    const named = schema.title ?? (resource === undefined ? (TYPE_NAMES[hint] ?? hint) : pascalCase(resource))
    if (!this.#taken.has(named)) return this.#take(named)
    // Another shape of a resource that is known already is called after what it has more.
    const { secret, is_stale: isStale } = schema.properties ?? {}
    if (secret) return this.#take(`Issued${named}`)
    return this.#take(isStale ? `Latest${named}` : hint)
  }

  #take(name: string): string {
    assert(!this.#taken.has(name), `two types of GraphQL are called ${name}`)
    this.#taken.add(name)
    return name
  }
}

/** What lies in a list called `transfers` is called `Transfer`; in `data`, an item of its parent. */
function itemName(hint: string): string {
  return hint.endsWith('Data') ? hint.replace(/Data$/, 'Item') : hint.replace(/s$/, '')
}

/** Fields that hold ids of several kinds, and so name none as an example. */
const IDS = ['id', 'subject_id', 'user_id']
const ID_EXAMPLE = /^[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}$/

/** Ids are told by their examples, and by their names where they are of several kinds. */
function isId(wireName: string, schema: Json): boolean {
  const shape = mergeShapes(shapesOf(schema).shapes)
  if (shape.type === 'array') return shape.items !== undefined && isId('', shape.items)
  if (shape.type !== 'string') return false
  return ID_EXAMPLE.test(String(shape.examples?.[0])) || IDS.includes(wireName)
}

function idType(schema: Json): GraphQLOutputType {
  const { isNullable, shapes } = shapesOf(schema)
  const one = new GraphQLNonNull(GraphQLID)
  if (mergeShapes(shapes).type === 'array') return new GraphQLNonNull(new GraphQLList(one))
  return isNullable ? GraphQLID : one
}

function idInput(schema: Json): GraphQLInputType {
  const isList = mergeShapes(shapesOf(schema).shapes).type === 'array'
  return isList ? new GraphQLList(new GraphQLNonNull(GraphQLID)) : GraphQLID
}

function withDefault(description: string, { default: value }: Json): string {
  return value === undefined ? description : `${description} Left out: \`${JSON.stringify(value)}\`.`
}

/** From a description such as "queued: funds held · submitted: signed": what it says of one value. */
function meaningOf(value: string, description = ''): string | undefined {
  return description
    .split(/ · |\. /)
    .map((part) => part.split(': '))
    .find(([name]) => name === value)?.[1]
}
