import type { Dialect } from '../dialect.ts'

/** Seconds that a request may be old, as in the original. */
const AGE_SECONDS_MAX = 10
/** Seconds. The original had no bound; ours keeps what was signed in advance from working for ever. */
const AHEAD_SECONDS_MAX = 300

/**
 * The dialect of 2018: v1.1, v1 and v0. Every failed authentication has one answer, whatever its cause.
 * @param refusesRepeats Whether a POST is taken once only; see docs/ost-v1.md.
 */
export function ostV1(refusesRepeats: boolean): Dialect {
  return {
    rules: {
      algorithm: 'ost-v1',
      ageSecondsMax: AGE_SECONDS_MAX,
      aheadSecondsMax: AHEAD_SECONDS_MAX,
      names: { key: 'api_key', timestamp: 'request_timestamp', signature: 'signature' },
    },
    prefix: /^\/v[0-9.]+(?=\/)/,
    key: /^[0-9a-f]{20}$/,
    refusesRepeats: ({ method }) => refusesRepeats && method === 'POST',
    adapt: (failed) => (failed.status === 401 ? { ...failed, error_data: [], internal_id: 'a_1' } : failed),
  }
}
