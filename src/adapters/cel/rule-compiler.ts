import { Environment, type ParseResult } from '@marcbachmann/cel-js'
import { InvalidExpression } from '#core/rule/errors.ts'
import {
  type CompiledExpression,
  EXPRESSION_LENGTH_MAX,
  type RuleCompiler,
} from '#core/rule/rule-compiler.ts'
import { registerAmounts, registerTokens } from './amount.ts'
import { checkBounds, Refused } from './bounds.ts'
import { registerContext, toVariables } from './context.ts'
import { explain, toPosition } from './explain.ts'
import { registerLocalTime } from './local-time.ts'

/** Parsed size and nesting; the length bounds the rest. */
const LIMITS = {
  maxAstNodes: 1_000,
  maxDepth: 32,
  maxListElements: 100,
  maxMapEntries: 20,
  maxCallArguments: 8,
}

/** Compiled expressions kept: a configuration is read anew with each price, and its rules seldom changed. */
const COMPILED_MAX = 5_000

/**
 * Compiles token rules written in CEL. Remembers what it compiled, the oldest forgotten first.
 * @see docs/adr/0007-cel-rules.md
 */
export function createRuleCompiler(): RuleCompiler {
  const base = new Environment({ limits: LIMITS })
  registerAmounts(base)
  registerContext(base)
  registerLocalTime(base)
  const environments = new Map<number, Environment>()
  const compiled = new Map<string, CompiledExpression>()

  function environmentOf(tokenDecimals: number): Environment {
    const known = environments.get(tokenDecimals)
    if (known) return known
    const environment = base.clone()
    registerTokens(environment, tokenDecimals)
    environments.set(tokenDecimals, environment)
    return environment
  }

  return {
    compile(expression, tokenDecimals) {
      const key = `${tokenDecimals} ${expression}`
      const known = compiled.get(key)
      if (known) return known
      const fresh = compile(environmentOf(tokenDecimals), expression, tokenDecimals)
      const [oldest] = compiled.keys()
      if (compiled.size >= COMPILED_MAX && oldest !== undefined) compiled.delete(oldest)
      compiled.set(key, fresh)
      return fresh
    },
  }
}

function compile(environment: Environment, expression: string, tokenDecimals: number): CompiledExpression {
  if (expression.trim() === '') throw new InvalidExpression('is empty')
  if (expression.length > EXPRESSION_LENGTH_MAX) {
    throw new InvalidExpression(
      `has ${expression.length} characters; a rule may have ${EXPRESSION_LENGTH_MAX}`,
    )
  }
  try {
    const parsed = environment.parse(expression)
    const { usesWindow } = checkBounds(parsed.ast, tokenDecimals)
    requireBoolean(parsed)
    return { usesWindow, evaluate: (context) => evaluate(parsed, toVariables(context)) }
  } catch (error) {
    throw toInvalidExpression(error, expression)
  }
}

function requireBoolean(parsed: ParseResult): void {
  const { valid, type, error } = parsed.check()
  if (!valid) throw error
  if (type === 'bool') return
  const hint = type === 'dyn' ? '; compare it, as in tx.metadata.vip == true' : ''
  throw new Refused(`must answer true or false, but answers ${type}${hint}`, parsed.ast)
}

function evaluate(parsed: ParseResult, variables: Record<string, unknown>): boolean {
  try {
    return parsed(variables) === true
  } catch (error) {
    const explanation = explain(error)
    throw explanation ? new Error(explanation.reason, { cause: error }) : error
  }
}

function toInvalidExpression(error: unknown, expression: string): unknown {
  if (error instanceof Refused)
    return new InvalidExpression(error.message, toPosition(expression, error.offset))
  const explanation = explain(error)
  if (!explanation) return error
  const { reason, offset } = explanation
  return new InvalidExpression(reason, offset === undefined ? undefined : toPosition(expression, offset))
}
