import type { RuleContext } from './evaluate-rules.ts'

/** An expression ready to be asked. */
export interface CompiledExpression {
  /** Whether it reads `window`: past activity is fetched only for those that do. */
  usesWindow: boolean
  /** True lets the transaction pass. Throws when it cannot be evaluated, such as on a metadata key that is not there. */
  evaluate(context: RuleContext): boolean
}

/** Port: turns the text of a token rule into something that can be asked many times. */
export interface RuleCompiler {
  /**
   * Parses and type-checks. `tokenDecimals` is what `tokens("1.5")` counts with.
   * @throws InvalidExpression with the position and what to do.
   */
  compile(expression: string, tokenDecimals: number): CompiledExpression
}

/** Characters of an expression. */
export const EXPRESSION_LENGTH_MAX = 2_000
