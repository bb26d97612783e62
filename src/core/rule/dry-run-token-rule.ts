import { EconomyNotFound } from '../economy/errors.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { BaseUnits } from '../shared/money.ts'
import { TransactionTypeNotFound } from './errors.ts'
import type { ActivityWindows, RuleContext, WindowTotals } from './evaluate-rules.ts'
import type { CompiledExpression, RuleCompiler } from './rule-compiler.ts'
import type { HistoryQuery, PastTransaction, TransactionHistory } from './transaction-history.ts'

/** Past transactions that one dry run looks at. */
export const DRY_RUN_LIMIT_MAX = 1_000
/** Refused ones that the answer shows. */
const SAMPLES_MAX = 20

/** What a rule would have done to one past transaction. */
export interface DryRunSample {
  transactionId: string
  createdAt: Date
  amount: BaseUnits
  fromUserId: string
  toUserId: string
  /** Why it could not be evaluated, which refuses too; null: the expression was false. */
  error: string | null
}

export interface DryRun {
  evaluated: number
  passed: number
  refused: number
  /** Of those refused: how many because the expression could not be evaluated. */
  failed: number
  /** The newest of those refused. */
  samples: DryRunSample[]
}

interface Deps {
  unitOfWork: UnitOfWork
  ruleCompiler: RuleCompiler
  transactionHistory: TransactionHistory
}

/**
 * Asks an expression about past transactions, and changes nothing. Windows are recomputed: the whole clock hours before each
 * transaction from what was accepted then, its own hour from the transactions looked at.
 *
 * @throws InvalidExpression, TransactionTypeNotFound, EconomyNotFound
 */
export async function dryRunTokenRule(
  deps: Deps,
  query: HistoryQuery & { tenantId: string; expression: string },
): Promise<DryRun> {
  const { tenantId, expression, ...history } = query
  const decimals = await deps.unitOfWork(tenantId, async (tx) => {
    const economy = await tx.economies.find(query.economyId)
    if (!economy) throw new EconomyNotFound()
    if (query.typeId !== null && !(await tx.transactionTypes.find(query.economyId, query.typeId))) {
      throw new TransactionTypeNotFound('/type_id')
    }
    return economy.decimals
  })
  const rule = deps.ruleCompiler.compile(expression, decimals)
  return evaluatePast(rule, await deps.transactionHistory(tenantId, history))
}

/** Asks the rule about each transaction in the order they happened. Pure. */
export function evaluatePast(rule: CompiledExpression, past: readonly PastTransaction[]): DryRun {
  const hours = new HourBook()
  const run: DryRun = { evaluated: past.length, passed: 0, refused: 0, failed: 0, samples: [] }
  for (const { id, context } of past) {
    const error = ask(rule, hours.complete(context))
    hours.add(context)
    if (error === undefined) {
      run.passed++
      continue
    }
    run.refused++
    if (error !== null) run.failed++
    run.samples.unshift({
      transactionId: id,
      createdAt: context.tx.createdAt,
      amount: context.tx.amount,
      fromUserId: context.sender.id,
      toUserId: context.recipient.id,
      error,
    })
    run.samples.splice(SAMPLES_MAX)
  }
  return run
}

/** Undefined: it passes. Null: it is refused. Text: why it could not be evaluated. */
function ask(rule: CompiledExpression, context: RuleContext): string | null | undefined {
  try {
    return rule.evaluate(context) ? undefined : null
  } catch (error) {
    return error instanceof Error ? error.message : 'unknown failure'
  }
}

const HOUR_MS = 3_600_000

/** What was looked at so far, per subject and clock hour: the part of the windows that stored hours do not have. */
class HourBook {
  readonly #totals = new Map<string, WindowTotals>()

  complete(context: RuleContext): RuleContext {
    const { window } = context
    return {
      ...context,
      window: {
        sender: this.#plus(window.sender, context.sender.id, context),
        type: this.#plus(window.type, context.type.id, context),
      },
    }
  }

  add(context: RuleContext): void {
    for (const subjectId of [context.sender.id, context.type.id]) {
      const key = keyOf(subjectId, context)
      const { count, sum } = this.#totals.get(key) ?? { count: 0, sum: 0n }
      const { amount, commission } = context.tx
      this.#totals.set(key, { count: count + 1, sum: sum + amount + commission })
    }
  }

  #plus(windows: ActivityWindows, subjectId: string, context: RuleContext): ActivityWindows {
    const running = this.#totals.get(keyOf(subjectId, context))
    if (!running) return windows
    const plus = ({ count, sum }: WindowTotals) => ({ count: count + running.count, sum: sum + running.sum })
    return { hour: plus(windows.hour), day: plus(windows.day), month: plus(windows.month) }
  }
}

function keyOf(subjectId: string, context: RuleContext): string {
  return `${subjectId}/${Math.floor(context.tx.createdAt.getTime() / HOUR_MS)}`
}
