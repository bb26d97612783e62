/** The API's description as far as we read it. */
export interface OpenApiDocument {
  info: { title: string; version: string; description: string }
  servers: { url: string }[]
  paths: Record<string, Record<string, OpenApiOperation>>
  components: { schemas: Record<string, JsonSchema>; responses: Record<string, OpenApiAnswer> }
}

export interface OpenApiOperation {
  operationId: string
  summary: string
  description?: string
  tags: [string]
  security?: Record<string, unknown>[]
  parameters?: OpenApiParameter[]
  requestBody?: { content: Record<string, { schema: JsonSchema; example?: unknown }> }
  responses: Record<string, OpenApiAnswer | { $ref: string }>
}

export interface OpenApiAnswer {
  description: string
  content?: Record<string, { schema: JsonSchema }>
}

export interface OpenApiParameter {
  name: string
  in: 'path' | 'query' | 'header'
  required?: boolean
  description?: string
  schema: JsonSchema
  example?: string
}

/** JSON Schema, as far as the API's schemas use it. */
export interface JsonSchema {
  $ref?: string
  type?: string | string[]
  description?: string
  enum?: (string | number | boolean)[]
  anyOf?: JsonSchema[]
  items?: JsonSchema
  properties?: Record<string, JsonSchema>
  required?: string[]
  additionalProperties?: boolean | JsonSchema
  default?: string | number | boolean
}
