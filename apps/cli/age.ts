const SECOND_MS = 1_000
const MINUTE_S = 60
const HOUR_S = 60 * MINUTE_S
const DAY_S = 24 * HOUR_S

/** How long ago, for people: `4 s`, `3 min`, `2 h`, `5 d`; nothing for no moment. */
export function ageOf(moment: string | null, nowMs = Date.now()): string {
  if (moment === null) return ''
  const seconds = Math.max(0, Math.round((nowMs - Date.parse(moment)) / SECOND_MS))
  if (seconds < 2 * MINUTE_S) return `${seconds} s`
  if (seconds < 2 * HOUR_S) return `${Math.round(seconds / MINUTE_S)} min`
  if (seconds < 2 * DAY_S) return `${Math.round(seconds / HOUR_S)} h`
  return `${Math.round(seconds / DAY_S)} d`
}
