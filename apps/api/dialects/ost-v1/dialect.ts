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

/** What v0 called the parameters that a use case, or a route shared with v1, blames. */
const V0_NAMES = new Map([
  ['id', 'uuid'],
  ['from_user_id', 'from_uuid'],
  ['to_user_id', 'to_uuid'],
  ['airdropped', 'list_type'],
])

/** The dialect of March 2018: the same, with other names, and no version in front of its paths. */
export function ostV0(refusesRepeats: boolean): Dialect {
  const v1 = ostV1(refusesRepeats)
  return {
    ...v1,
    adapt(failed, error) {
      const adapted = v1.adapt(failed, error)
      const error_data = adapted.error_data.map(({ parameter, msg }) => ({
        parameter: V0_NAMES.get(parameter) ?? parameter,
        msg,
      }))
      return { ...adapted, error_data }
    },
  }
}
