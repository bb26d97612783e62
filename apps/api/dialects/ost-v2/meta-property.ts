import type { FastifyRequest } from 'fastify'
import type { MetaProperty } from '#core/bundle/bundle.ts'
import { valuesOf } from '../dialect.ts'
import { wrong } from './parameters.ts'

const NAME = /^[A-Za-z0-9 _-]{1,25}$/
const TYPES: readonly unknown[] = ['user_to_user', 'company_to_user', 'user_to_company']
/** Characters: of the original's code; its documentation says 120. */
const DETAILS_LENGTH_MAX = 125
/** Labels of one filter. */
export const META_FILTERS_MAX = 10

/** The label of an execution; it may be left out. */
export function readMeta(request: FastifyRequest): MetaProperty {
  const value = valuesOf(request)['meta_property']
  return value === undefined || value === '' ? {} : toMeta(value, 'meta_property')
}

/** @throws InvalidRequest blaming `parameter` */
export function toMeta(value: unknown, parameter: string): MetaProperty {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong(parameter, 'must hold name, type and details')
  const { name, type, details } = value as Record<string, unknown>
  if (name !== undefined && !(typeof name === 'string' && NAME.test(name)))
    throw wrong(parameter, 'name: at most 25 letters, digits, spaces, - and _')
  if (type !== undefined && !TYPES.includes(type)) throw wrong(parameter, `type: one of ${TYPES.join(', ')}`)
  if (details !== undefined && !(typeof details === 'string' && details.length <= DETAILS_LENGTH_MAX))
    throw wrong(parameter, `details: at most ${DETAILS_LENGTH_MAX} characters`)
  // Checked just above.
  return {
    ...(name !== undefined && { name }),
    ...(type !== undefined && { type: type as string }),
    ...(details !== undefined && { details }),
  }
}
