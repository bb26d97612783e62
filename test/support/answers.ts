import { appendFileSync, writeFileSync } from 'node:fs'
import { ANSWERS_FILE, documentedFile } from '#scripts/stack/unseen-answers.ts'
import { Ajv } from 'ajv'
import { expect } from 'vitest'
import type { Answer } from './api.ts'

/** What tests read of the OpenAPI document. */
export interface OpenApi {
  paths: Record<
    string,
    Record<string, { responses: Record<string, { content?: Record<string, { schema: object }> }> }>
  >
  components: object
}

const ajv = new Ajv({ strict: false, validateFormats: false })
const noted = new Set<string>()

/**
 * Every answer must be one that the API's own description announces: status, media type and body. In a whole run it is noted
 * too, so that the run can tell in the end which documented answers no test has seen.
 */
export function expectDeclared(document: OpenApi, method: string, url: string, answer: Answer): void {
  const [path = ''] = url.split('?', 1)
  const template = Object.keys(document.paths).find((candidate) => patternOf(candidate).test(path))
  const responses = template && document.paths[template]?.[method.toLowerCase()]?.responses
  if (!responses) return
  note(document, `${method} ${template} ${answer.status}`)
  const declared = responses[String(answer.status)]
  expect(
    declared,
    `${method} ${template} does not declare ${answer.status}: ${JSON.stringify(answer.body)}`,
  ).toBeDefined()
  const mediaType = String(answer.headers['content-type']).split(';', 1)[0] ?? ''
  if (!mediaType.includes('json')) return
  const schema = declared?.content?.[mediaType]?.schema
  expect(schema, `${method} ${template} ${answer.status} does not declare ${mediaType}`).toBeDefined()
  const isValid = ajv.validate({ ...schema, components: document.components }, answer.body)
  expect(
    isValid,
    `${method} ${template} ${answer.status}: ${ajv.errorsText()}: ${JSON.stringify(answer.body)}`,
  ).toBe(true)
}

function note(document: OpenApi, answer: string): void {
  const file = process.env[ANSWERS_FILE]
  if (file === undefined || noted.has(answer)) return
  if (noted.size === 0) writeFileSync(documentedFile(file), documentedAnswers(document).join('\n'))
  noted.add(answer)
  appendFileSync(file, `${answer}\n`)
}

function documentedAnswers({ paths }: OpenApi): string[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { responses }]) =>
      Object.keys(responses).map((status) => `${method.toUpperCase()} ${path} ${status}`),
    ),
  )
}

/** The most exact template first is not needed: none of ours matches another's paths but by a literal in place of an id. */
function patternOf(template: string): RegExp {
  return new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{[^}]+\}/g, '[^/]+')}$`)
}
