import { ChainUnavailable } from '#core/chain/chain-rpc.ts'
import { ApiRefusal, ApiUnreachable, CommandFailed, UsageError } from './errors.ts'

/** How the process ends. */
export const EXIT = { done: 0, refused: 1, usage: 2, unreachable: 3 } as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** A failure as words for a person and a code for a program. */
export interface Explanation {
  text: string
  exitCode: ExitCode
}

/** Says what went wrong and what to do; undefined for what nobody expected. */
export function explain(error: unknown): Explanation | undefined {
  if (error instanceof UsageError) return { text: error.message, exitCode: EXIT.usage }
  if (error instanceof ApiUnreachable) return { text: error.message, exitCode: EXIT.unreachable }
  if (error instanceof ChainUnavailable) return { text: `${error.message}.`, exitCode: EXIT.unreachable }
  if (error instanceof ApiRefusal) return { text: refusalText(error), exitCode: EXIT.refused }
  if (error instanceof CommandFailed) return { text: error.message, exitCode: EXIT.refused }
  return undefined
}

function refusalText({ problem }: ApiRefusal): string {
  const fields = (problem.errors ?? []).map(({ pointer, detail }) => `  ${pointer || 'the body'} ${detail}`)
  const request = problem.request_id === undefined ? '' : `, request ${problem.request_id}`
  return [problem.detail, ...fields, `(${problem.code}, HTTP ${problem.status}${request})`].join('\n')
}
