/** One wrong parameter, as all dialects name it. */
export interface ParameterError {
  parameter: string
  msg: string
}

/** A refusal as all dialects send it, and its HTTP status. */
export interface Failure {
  status: number
  code: string
  msg: string
  error_data: readonly ParameterError[]
  internal_id: string
}

/** The body of an answer: `result_type` names the key beside it that holds the result. */
export function success(data: object) {
  return { success: true as const, data }
}

/** The body of a refusal. The SDKs' tests want exactly these keys. */
export function failure({ code, msg, error_data, internal_id }: Failure) {
  return { success: false as const, err: { code, msg, error_data, internal_id } }
}
