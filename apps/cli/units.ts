import { formatUnits, parseDecimal } from '#core/shared/money.ts'
import { UsageError } from './errors.ts'

/** Whole tokens as people write them, such as `1.5`, in base units. @throws UsageError */
export function toUnits(text: string, decimals: number, option: string): string {
  if (!/^\d{1,60}(\.\d{1,30})?$/.test(text)) {
    throw new UsageError(`${option} is "${text}": write a number of whole tokens, such as 1.5.`)
  }
  const { units, scale } = parseDecimal(text)
  if (scale <= decimals) return (units * 10n ** BigInt(decimals - scale)).toString()
  const divisor = 10n ** BigInt(scale - decimals)
  if (units % divisor !== 0n) {
    throw new UsageError(`${option} is "${text}": the token has only ${decimals} decimal places.`)
  }
  return (units / divisor).toString()
}

/** Base units as people read them, such as `1,250.5 BEAN`. */
export function showUnits(units: string, token: { symbol: string; decimals: number }): string {
  return `${showTokens(units, token.decimals)} ${token.symbol}`
}

/** Base units as whole tokens, digits grouped by three. */
export function showTokens(units: string, decimals: number): string {
  const [whole = '', fraction] = formatUnits(BigInt(units), decimals).split('.')
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, ',')
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}

const SECONDS_OF = { s: 1, m: 60, h: 3_600, d: 86_400 } as const

/** A time span such as `30d`, `24h`, `15m` or `90s`, in seconds. @throws UsageError */
export function toSeconds(text: string, option: string): number {
  const match = /^(\d{1,6})([smhd])$/.exec(text)
  if (!match) throw new UsageError(`${option} is "${text}": write a time span such as 30d, 24h, 15m or 90s.`)
  // The expression lets only these four letters through.
  return Number(match[1]) * SECONDS_OF[match[2] as keyof typeof SECONDS_OF]
}
