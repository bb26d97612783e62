import type { Json } from './json-schema.ts'
import { FIELDS, TYPES } from './vocabulary.ts'

/** Enums that several fields share, by their values. */
export const ENUM_NAMES: Readonly<Record<string, string>> = {
  'asc,desc': 'Order',
  'active,archived': 'ArchivalStatus',
  'active,inactive': 'SkuStatus',
  'sandbox,production': 'Environment',
  'token,USD,EUR,GBP': 'Currency',
  'USD,EUR,GBP': 'FiatCurrency',
}

/** Types whose place in an answer names them badly. */
export const TYPE_NAMES: Readonly<Record<string, string>> = {
  UserBatchItemProblem: 'Problem',
  WebhookDeliveryWithAttemptsLog: 'WebhookTry',
  TokenRuleDryRunSample: 'RefusedTransaction',
}

/** What has no description; test/api/graphql.schema.test.ts wants none of it. */
export const undescribed = new Set<string>()

export function typeDescription(
  name: string,
  { description }: Json,
  kind: 'type' | 'enum' | 'input',
): string {
  const text = TYPES[name] ?? description ?? derived(name, kind)
  if (text === undefined) undescribed.add(name)
  return text ?? name
}

export function fieldDescription(typeName: string, wireName: string, { description, anyOf }: Json): string {
  const plain = typeName.replace(/^Issued/, '')
  const text =
    FIELDS[`${plain}.${wireName}`] ??
    description ??
    anyOf?.find((shape) => shape.description !== undefined)?.description ??
    FIELDS[wireName]
  if (text === undefined) undescribed.add(`${typeName}.${wireName}`)
  return text ?? wireName
}

/** Of inputs and enums the name says all there is to say: `CreateUserInput`, `EconomyStepStatus`. */
function derived(name: string, kind: 'type' | 'enum' | 'input'): string | undefined {
  const words = name.replace(/Input$/, '').replaceAll(/(?!^)([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`)
  if (kind === 'input') return `What to give: ${words.toLowerCase()}.`
  return kind === 'enum' ? `${words}: one of these.` : undefined
}
