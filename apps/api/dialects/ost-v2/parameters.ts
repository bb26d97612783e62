import type { FastifyRequest } from 'fastify'
import { InvalidRequest } from '#core/shared/errors.ts'
import { UserNotFound } from '#core/user/errors.ts'
import type { FormValue } from '../form.ts'
import { valuesOf } from '../dialect.ts'

const ADDRESS = /^0x[0-9a-f]{40}$/i
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
/** Ids or addresses of one filter. */
const FILTER_MAX = 25

/** Refuses one parameter. */
export function wrong(parameter: string, detail: string): InvalidRequest {
  return new InvalidRequest([{ pointer: `?${parameter}`, detail }])
}

export function isAddress(value: unknown): value is string {
  return typeof value === 'string' && ADDRESS.test(value)
}

export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value)
}

/** A UUID of the path, in lower case. A malformed one is the caller's mistake, not something unknown. */
export function uuidInPath(request: FastifyRequest, name: string): string {
  const value = pathValue(request, name)
  if (!isUuid(value)) throw wrong(name, 'must be a UUID')
  return value.toLowerCase()
}

/** An address of the path, in lower case. */
export function addressInPath(request: FastifyRequest, name: string): string {
  const value = pathValue(request, name)
  if (!isAddress(value)) throw wrong(name, 'must be an address: 0x and 40 hexadecimal digits')
  return value.toLowerCase()
}

/** A positive integer of the path. */
export function integerInPath(request: FastifyRequest, name: string): number {
  const value = pathValue(request, name)
  if (!/^[1-9]\d{0,14}$/.test(value)) throw wrong(name, 'must be a whole number')
  return Number(value)
}

function pathValue({ params }: FastifyRequest, name: string): string {
  // Every route that asks has the name in its path.
  return (params as Record<string, string>)[name] ?? ''
}

/** An address among the parameters, in lower case. @throws InvalidRequest */
export function requiredAddress(request: FastifyRequest, name: string): string {
  const value = valuesOf(request)[name]
  if (!isAddress(value)) throw wrong(name, 'must be an address: 0x and 40 hexadecimal digits')
  return value.toLowerCase()
}

/** Text among the parameters; undefined where it is absent or blank. @throws InvalidRequest where it is a list */
export function optionalText(request: FastifyRequest, name: string): string | undefined {
  const value = valuesOf(request)[name]
  if (value === undefined || value === '') return undefined
  if (typeof value !== 'string') throw wrong(name, 'must be text')
  return value
}

/** A list of texts; one alone counts as a list of one. Undefined where it is absent or empty. */
export function textList(request: FastifyRequest, name: string, max: number): string[] | undefined {
  const value = valuesOf(request)[name]
  const items = asTexts(value)
  if (items === null) throw wrong(name, 'must be a list of texts')
  if (items.length > max) throw wrong(name, `may hold ${max} values at most`)
  return items.length === 0 ? undefined : items
}

/** A filter of a list by ids. */
export function uuidFilter(request: FastifyRequest, name: string): string[] | undefined {
  const items = textList(request, name, FILTER_MAX)
  if (items && !items.every(isUuid)) throw wrong(name, 'must hold UUIDs')
  return items?.map((item) => item.toLowerCase())
}

/** A filter of a list by addresses. */
export function addressFilter(request: FastifyRequest, name: string): string[] | undefined {
  const items = textList(request, name, FILTER_MAX)
  if (items && !items.every(isAddress)) throw wrong(name, 'must hold addresses')
  return items?.map((item) => item.toLowerCase())
}

/** A filter of a list by numbers. */
export function numberFilter(request: FastifyRequest, name: string): number[] | undefined {
  const items = textList(request, name, FILTER_MAX)
  if (items && !items.every((item) => /^[1-9]\d{0,8}$/.test(item)))
    throw wrong(name, 'must hold whole numbers')
  return items?.map(Number)
}

function asTexts(value: FormValue | undefined): string[] | null {
  if (value === undefined || value === '') return []
  if (typeof value === 'string') return [value]
  const items = Array.isArray(value) ? value : Object.values(value)
  return items.every((item) => typeof item === 'string') ? (items as string[]) : null
}

/** The user of the path. @throws InvalidRequest where the id is malformed */
export function userIdInPath(request: FastifyRequest): string {
  const userId = uuidInPath(request, 'user_id')
  const { device } = request
  if (device && device.userId !== userId) throw new NotTheDevicesUser()
  return userId
}

/** Somebody else's data, asked for by a device. */
export class NotTheDevicesUser extends UserNotFound {}
