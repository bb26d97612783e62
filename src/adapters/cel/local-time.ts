import type { Environment } from '@marcbachmann/cel-js'

type Field = (local: Date) => number

/** What CEL's timestamp accessors read; getDayOfMonth counts from 0, getDate from 1, as the CEL specification says. */
const FIELDS: Readonly<Record<string, Field>> = {
  getFullYear: (local) => local.getUTCFullYear(),
  getMonth: (local) => local.getUTCMonth(),
  getDate: (local) => local.getUTCDate(),
  getDayOfMonth: (local) => local.getUTCDate() - 1,
  getDayOfWeek: (local) => local.getUTCDay(),
  getDayOfYear: (local) =>
    Math.floor((local.getTime() - Date.UTC(local.getUTCFullYear(), 0, 1)) / 86_400_000),
  getHours: (local) => local.getUTCHours(),
  getMinutes: (local) => local.getUTCMinutes(),
  getSeconds: (local) => local.getUTCSeconds(),
  getMilliseconds: (local) => local.getUTCMilliseconds(),
}

/** Name under which an accessor with a time zone is registered here; undefined for other functions. */
export function localAccessor(name: string): string | undefined {
  return Object.hasOwn(FIELDS, name) ? `${name}_local` : undefined
}

/**
 * Declares our own accessors with a time zone. The library's format and re-parse the whole date on each call (38 µs, and they
 * depend on the server's own zone); these look the zone's offset up once per quarter of an hour (well under 1 µs).
 */
export function registerLocalTime(environment: Environment): void {
  for (const [name, read] of Object.entries(FIELDS)) {
    environment.registerFunction(
      `google.protobuf.Timestamp.${name}_local(string): int`,
      (at: Date, zone: string) => BigInt(read(new Date(at.getTime() + offsetMs(at.getTime(), zone)))),
      { async: false },
    )
  }
}

/** Whether the runtime knows the time zone. */
export function isTimeZone(zone: string): boolean {
  try {
    formatterOf(zone)
    return true
  } catch {
    return false
  }
}

/** Zones change their offset on quarter hours only. */
const SLOT_MS = 15 * 60_000
/** There are about 600 zones; a rule may compute names, so the cache has a bound of its own. */
const ZONES_MAX = 1_000
const formatters = new Map<string, Intl.DateTimeFormat>()
const offsets = new Map<string, { slot: number; offsetMs: number }>()

function offsetMs(atMs: number, zone: string): number {
  const slot = Math.floor(atMs / SLOT_MS)
  const known = offsets.get(zone)
  if (known?.slot === slot) return known.offsetMs
  const offset = readOffset(slot * SLOT_MS, zone)
  if (offsets.size >= ZONES_MAX) offsets.clear()
  offsets.set(zone, { slot, offsetMs: offset })
  return offset
}

function readOffset(atMs: number, zone: string): number {
  const parts: Record<string, number> = {}
  for (const { type, value } of formatterOf(zone).formatToParts(atMs)) parts[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) - atMs
}

function formatterOf(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone)
  if (known) return known
  const formatter = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  if (formatters.size >= ZONES_MAX) formatters.clear()
  formatters.set(zone, formatter)
  return formatter
}
