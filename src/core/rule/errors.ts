import { DomainError, type FieldError } from '../shared/errors.ts'

/** No transaction type of this economy has the id. `pointer` where a request's body named it. */
export class TransactionTypeNotFound extends DomainError {
  constructor(pointer?: string) {
    super(
      'transaction_type_not_found',
      'No transaction type with this id or name exists in the economy.',
      {},
      pointer === undefined ? [] : [{ pointer, detail: 'is no transaction type of the economy' }],
    )
  }
}

/** Another transaction type of the economy has this name; archived ones keep theirs. */
export class TransactionTypeNameTaken extends DomainError {
  constructor(name: string) {
    super(
      'transaction_type_name_taken',
      `A transaction type named "${name}" exists already. Choose another name, or rename the other one first.`,
      { name },
      [{ pointer: '/name', detail: 'is taken' }],
    )
  }
}

/** The transaction type is archived: it can be read, and nothing else. */
export class TransactionTypeArchived extends DomainError {
  constructor() {
    super('transaction_type_archived', 'The transaction type is archived. Use another one, or unarchive it.')
  }
}

/** No token rule of this economy has the id. */
export class TokenRuleNotFound extends DomainError {
  constructor() {
    super('token_rule_not_found', 'No token rule with this id exists in the economy.')
  }
}

/** Another token rule of the economy has this name; archived ones keep theirs. */
export class TokenRuleNameTaken extends DomainError {
  constructor(name: string) {
    super(
      'token_rule_name_taken',
      `A token rule named "${name}" exists already. Choose another name, or rename the other one first.`,
      { name },
      [{ pointer: '/name', detail: 'is taken' }],
    )
  }
}

/** The token rule is archived: it is no longer evaluated and cannot change. */
export class TokenRuleArchived extends DomainError {
  constructor() {
    super('token_rule_archived', 'The token rule is archived and cannot change. Create a new one.')
  }
}

/** No price point of this economy has the id. */
export class PricePointNotFound extends DomainError {
  constructor() {
    super('price_point_not_found', 'The economy has no price point with this id.')
  }
}

/** The amount is missing, superfluous, malformed, zero, or too large. */
export class InvalidAmount extends DomainError {
  constructor(detail: string) {
    super('invalid_amount', `The amount ${detail}`, {}, [{ pointer: '/amount', detail }])
  }
}

/** The commission is missing, superfluous, malformed, or too large. */
export class InvalidCommission extends DomainError {
  constructor(detail: string) {
    super('invalid_commission', `The commission ${detail}`, {}, [{ pointer: '/commission', detail }])
  }
}

/** The type's currency has no price yet, so nothing can be converted. */
export class PriceMissing extends DomainError {
  constructor(currency: string) {
    super(
      'price_missing',
      `There is no ${currency} price for this token yet. Record one with POST /v3/price-points, then try again.`,
      { currency },
    )
  }
}

/** The latest price is older than the platform converts at. */
export class PriceStale extends DomainError {
  constructor(currency: string, asOf: Date, ageMs: number, maxAgeMs: number, isOfChain = false) {
    const advice = isOfChain
      ? "It comes from the chain's oracle: try again once its feeders have signed a new one, or send an amount in tokens."
      : 'Record a fresh one with POST /v3/price-points, then try again.'
    super(
      'price_stale',
      `The latest ${currency} price is ${inWords(ageMs)} old; prices older than ${inWords(maxAgeMs)} are not used. ${advice}`,
      {
        currency,
        as_of: asOf.toISOString(),
        age_seconds: Math.floor(ageMs / 1000),
        max_age_seconds: Math.floor(maxAgeMs / 1000),
      },
    )
  }
}

/** The latest price jumped from the one before, and no second one has confirmed it yet. */
export class PriceDeviates extends DomainError {
  constructor(currency: string, price: string, asOf: Date) {
    super(
      'price_deviates',
      `The latest ${currency} price, ${price}, is further from the one before than is believed at once. It is used as soon as the next one confirms it: try again in a few minutes, or send an amount in tokens.`,
      { currency, price, as_of: asOf.toISOString() },
    )
  }
}

/** The token's price in this currency comes from its chain, so nobody else sets it. */
export class PriceFromChain extends DomainError {
  constructor(currency: string) {
    super(
      'price_from_chain',
      `The ${currency} price of this token comes from the oracle of its chain, which its backing is paid by: it cannot be recorded here.`,
      { currency },
    )
  }
}

/** Where in an expression something is wrong; line and column count from 1, the offset from 0. */
export interface ExpressionPosition {
  offset: number
  line: number
  column: number
}

/** The CEL expression does not parse, does not type-check, or asks for more than a rule may. */
export class InvalidExpression extends DomainError {
  constructor(reason: string, position?: ExpressionPosition) {
    const place = position ? ` (line ${position.line}, column ${position.column})` : ''
    const fields: FieldError[] = [{ pointer: '/expression', detail: `${reason}${place}` }]
    super(
      'invalid_expression',
      `The expression is not valid: ${reason}${place}.`,
      { reason, ...(position && { position }) },
      fields,
    )
  }
}

/** A token rule refused the transaction, or could not be evaluated: what cannot be decided is refused. */
export class RuleViolated extends DomainError {
  constructor(rule: { id: string; name: string; version: number; message: string; error?: string }) {
    const because = rule.error === undefined ? rule.message : `it could not be evaluated: ${rule.error}`
    super('rule_violated', `Token rule "${rule.name}" refused the transaction: ${because}`, {
      rule_id: rule.id,
      rule_name: rule.name,
      rule_version: rule.version,
      rule_message: rule.message,
      ...(rule.error !== undefined && { rule_error: rule.error }),
    })
  }
}

/** The economy has as many of these as it may have. */
export class LimitReached extends DomainError {
  constructor(what: string, max: number) {
    super('limit_reached', `An economy has at most ${max} ${what}. Archive what you no longer need.`, {
      max,
    })
  }
}

const UNITS: readonly [name: string, ms: number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
]

/** The two largest units: `"1 hour 5 minutes"`. */
function inWords(ms: number): string {
  let rest = Math.max(0, ms)
  const parts: string[] = []
  for (const [name, unitMs] of UNITS) {
    const count = Math.floor(rest / unitMs)
    rest -= count * unitMs
    if (count > 0) parts.push(`${count} ${name}${count === 1 ? '' : 's'}`)
    if (parts.length === 2) break
  }
  return parts.join(' ') || '0 seconds'
}
