import { hash } from 'node:crypto'

/** What makes two requests the same: method, path, and a short hash per top-level field of the body. */
export interface Fingerprint {
  method: string
  path: string
  /** Field name → hash of its value. A body that is no object stands under the empty name. */
  fields: Readonly<Record<string, string>>
}

/** Characters of a field's hash. 96 bits: nobody finds two values with the same one by accident. */
const HASH_LENGTH = 16

/** The fingerprint of a request. The order of an object's fields does not matter. */
export function fingerprintOf(method: string, path: string, body: unknown): Fingerprint {
  const entries = isRecord(body)
    ? Object.entries(body)
    : body === undefined || body === null
      ? []
      : [['', body] as const]
  return {
    method,
    path,
    fields: Object.fromEntries(entries.map(([name, value]) => [name, shortHash(value)])),
  }
}

/** Names what differs between two fingerprints: `method`, `path`, or JSON pointers into the body. Empty: the same request. */
export function differingFields(first: Fingerprint, second: Fingerprint): string[] {
  const differing: string[] = []
  if (first.method !== second.method) differing.push('method')
  if (first.path !== second.path) differing.push('path')
  for (const name of new Set([...Object.keys(first.fields), ...Object.keys(second.fields)])) {
    if (first.fields[name] !== second.fields[name]) differing.push(`/${name}`)
  }
  return differing
}

function shortHash(value: unknown): string {
  return hash('sha256', canonicalJson(value), 'base64url').slice(0, HASH_LENGTH)
}

/** JSON with the fields of every object in one fixed order. */
function canonicalJson(value: unknown): string {
  if (typeof value !== 'object') return JSON.stringify(value)
  return JSON.stringify(value, (_name, part: unknown) =>
    isRecord(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
