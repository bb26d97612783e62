import { EvaluationError, ParseError, TypeError } from '@marcbachmann/cel-js'
import type { ExpressionPosition } from '#core/rule/errors.ts'
import { FIELD_NAMES, VARIABLE_NAMES } from './context.ts'

/** Why an expression was turned down, for the person who wrote it, and where. */
export interface Explanation {
  reason: string
  offset: number | undefined
}

/** Puts the library's complaint in the words of the rule's author; undefined when the error is none of its own. */
export function explain(error: unknown): Explanation | undefined {
  if (error instanceof EvaluationError) return { reason: evaluationReason(error), offset: error.range?.start }
  if (!(error instanceof ParseError || error instanceof TypeError)) return undefined
  return { reason: reasonOf(error.code, error.summary), offset: error.range?.start }
}

/** Line and column, from 1, of an offset. */
export function toPosition(expression: string, offset: number): ExpressionPosition {
  const before = expression.slice(0, offset).split('\n')
  return { offset, line: before.length, column: (before.at(-1) ?? '').length + 1 }
}

function reasonOf(code: string, summary: string): string {
  switch (code) {
    case 'unknown_variable': {
      const name = summary.replace('Unknown variable: ', '')
      return `unknown variable "${name}"; ${suggest(name, VARIABLE_NAMES)}`
    }
    case 'no_such_key': {
      const name = summary.replace('No such key: ', '')
      return `unknown field "${name}"; ${suggest(name, FIELD_NAMES)}`
    }
    case 'no_such_overload':
      return `${plain(summary).replace('no such overload', 'these cannot be combined')}${amountHint(summary)}`
    default:
      return plain(summary)
  }
}

/** Fields were checked when the rule was written, so what is missing now is a key of somebody's metadata. */
function evaluationReason(error: EvaluationError): string {
  if (error.code !== 'no_such_key') return reasonOf(error.code, error.summary)
  const name = error.summary.replace('No such key: ', '')
  return `the metadata has no "${name}" here; ask has(….metadata.${name}) first`
}

/** Mixing an amount with a plain number is the one mistake everybody makes once. */
function amountHint(summary: string): string {
  if (!/\bamount\b/.test(summary) || !/\b(int|uint|double|string)\b/.test(summary)) return ''
  return '. An amount goes with amounts: write tokens("100") for whole tokens or units("100") for base units'
}

function plain(summary: string): string {
  return summary
    .replaceAll('google.protobuf.Timestamp', 'timestamp')
    .replaceAll('google.protobuf.Duration', 'duration')
    .replaceAll(/dyn<(\w+)>/g, '$1')
    .replaceAll('_local(', '(')
}

function suggest(name: string, known: readonly string[]): string {
  const closest = nearest(name, known)
  return closest ? `did you mean "${closest}"?` : `known are ${known.join(', ')}`
}

/** The known name that differs from `name` by at most two letters (one, if short), where there is one. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  let best: { name: string; distance: number } | undefined
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (distance <= (candidate.length > 4 ? 2 : 1) && distance < (best?.distance ?? Infinity)) {
      best = { name: candidate, distance }
    }
  }
  return best?.name
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      current.push(Math.min(replaced, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1))
    }
    previous = current
  }
  return previous[b.length] ?? 0
}
