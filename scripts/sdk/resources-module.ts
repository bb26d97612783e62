import type { Operation } from './operations.ts'
import { comment, resultTypes, typeNamesOf } from './types-module.ts'

/** The module of the SDK's resources: a class per tag, a method per route. */
export function resourcesModule(operations: readonly Operation[]): string {
  const classes = [...Map.groupBy(operations, ({ className }) => className)]
  const properties = classes.map(([name, [first]]) => `  readonly ${first?.resource}: ${name}Resource\n`)
  const assignments = classes.map(
    ([name, [first]]) => `    this.${first?.resource} = new ${name}Resource(caller)\n`,
  )
  return `import type { CallOptions, Caller, ExecuteOptions } from '../caller.ts'
import type { Pages } from '../pages.ts'
import type * as Type from './types.ts'

${classes.map(([name, own]) => classOf(name, own)).join('\n')}
/** Every resource of the API. */
export class Resources {
${properties.join('')}
  constructor(caller: Caller) {
${assignments.join('')}  }
}
`
}

function classOf(name: string, operations: readonly Operation[]): string {
  return `export class ${name}Resource {
  readonly #caller: Caller

  constructor(caller: Caller) {
    this.#caller = caller
  }

${operations.map(methodOf).join('\n')}}
`
}

function methodOf(operation: Operation): string {
  const { body, query, item, method, httpMethod, path } = operation
  const names = typeNamesOf(operation)
  const options = isExecution(operation) ? 'ExecuteOptions' : 'CallOptions'
  const parameters = operation.pathParameters.map(({ argument }) => `${argument}: string`)
  if (body) parameters.push(argument('input', names.input, body.required?.length ?? 0))
  if (query.length > 0)
    parameters.push(argument('query', names.query, query.filter(({ required }) => required).length))
  const pathText = operation.pathParameters.reduce(
    (text, { name, argument: value }) => text.replace(`{${name}}`, `\${encodeURIComponent(${value})}`),
    path,
  )
  const quote = pathText === path ? "'" : '`'
  const parts = [`method: '${httpMethod}'`, `path: ${quote}${pathText}${quote}`]
  if (body) parts.push('body: input')
  if (query.length > 0) parts.push('query')
  const type =
    resultTypes(operation)
      .map((one) => `Type.${one}`)
      .join(' | ') || 'void'
  const answer = item ? `Pages<${type}>` : `Promise<${type}>`
  return `${comment(documentation(operation), '  ')}  ${method}(${[...parameters, `options?: ${options}`].join(', ')}): ${answer} {
    return this.#caller.${item ? 'list' : 'call'}({ ${parts.join(', ')} }, options)
  }
`
}

function argument(name: string, type: string, requiredFields: number): string {
  return requiredFields > 0 ? `${name}: Type.${type}` : `${name}: Type.${type} = {}`
}

/** Whether the route can hold its answer until the chain has settled it. */
function isExecution({ description }: Operation): boolean {
  return description.includes('Prefer: wait')
}

function documentation({ summary, description, refusals, httpMethod, path }: Operation): string {
  const parts = [`${summary}: \`${httpMethod} ${path}\`.`, description]
  if (refusals.length > 0) parts.push(`Refused with: ${refusals.map((code) => `\`${code}\``).join(', ')}.`)
  return parts.filter(Boolean).join('\n\n')
}
