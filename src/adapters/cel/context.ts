import type { Environment } from '@marcbachmann/cel-js'
import { TypeID } from 'typeid-js'
import type { ActivityWindows, RuleContext, RuleParty, WindowTotals } from '#core/rule/evaluate-rules.ts'
import { Amount } from './amount.ts'

const DAY_MS = 86_400_000
const TIMESTAMP = 'google.protobuf.Timestamp'

/**
 * What expressions see: thin views over the context whose getters convert only what a rule reads. Their accessors are the
 * declared fields, so an unknown name is an error when the rule is written.
 */
class Tx {
  readonly #context: RuleContext
  constructor(context: RuleContext) {
    this.#context = context
  }
  get amount(): Amount {
    return new Amount(this.#context.tx.amount)
  }
  get commission(): Amount {
    return new Amount(this.#context.tx.commission)
  }
  get total(): Amount {
    return new Amount(this.#context.tx.amount + this.#context.tx.commission)
  }
  get metadata() {
    return this.#context.tx.metadata
  }
  get created_at(): Date {
    return this.#context.tx.createdAt
  }
}

class Type {
  readonly #type: RuleContext['type']
  constructor(type: RuleContext['type']) {
    this.#type = type
  }
  get id(): string {
    return TypeID.fromUUID('typ', this.#type.id).toString()
  }
  get name(): string {
    return this.#type.name
  }
  get kind(): string {
    return this.#type.kind
  }
}

class Party {
  readonly #party: RuleParty
  readonly #at: Date
  constructor(party: RuleParty, at: Date) {
    this.#party = party
    this.#at = at
  }
  get id(): string {
    return TypeID.fromUUID('usr', this.#party.id).toString()
  }
  get type(): string {
    return this.#party.type
  }
  get is_verified(): boolean {
    return this.#party.isVerified
  }
  get metadata() {
    return this.#party.metadata
  }
  get created_at(): Date {
    return this.#party.createdAt
  }
  get age_days(): bigint {
    return BigInt(Math.max(0, Math.floor((this.#at.getTime() - this.#party.createdAt.getTime()) / DAY_MS)))
  }
}

class Totals {
  readonly #totals: WindowTotals
  constructor(totals: WindowTotals) {
    this.#totals = totals
  }
  get count(): bigint {
    return BigInt(this.#totals.count)
  }
  get sum(): Amount {
    return new Amount(this.#totals.sum)
  }
}

class Spans {
  readonly #windows: ActivityWindows
  constructor(windows: ActivityWindows) {
    this.#windows = windows
  }
  get hour(): Totals {
    return new Totals(this.#windows.hour)
  }
  get day(): Totals {
    return new Totals(this.#windows.day)
  }
  get month(): Totals {
    return new Totals(this.#windows.month)
  }
}

class Window {
  readonly #window: RuleContext['window']
  constructor(window: RuleContext['window']) {
    this.#window = window
  }
  get sender(): Spans {
    return new Spans(this.#window.sender)
  }
  get type(): Spans {
    return new Spans(this.#window.type)
  }
}

const METADATA = 'map<string, dyn>'
const TYPES = [
  [
    'Tx',
    Tx,
    { amount: 'amount', commission: 'amount', total: 'amount', metadata: METADATA, created_at: TIMESTAMP },
  ],
  ['Type', Type, { id: 'string', name: 'string', kind: 'string' }],
  [
    'Party',
    Party,
    {
      id: 'string',
      type: 'string',
      is_verified: 'bool',
      metadata: METADATA,
      created_at: TIMESTAMP,
      age_days: 'int',
    },
  ],
  ['Totals', Totals, { count: 'int', sum: 'amount' }],
  ['Spans', Spans, { hour: 'Totals', day: 'Totals', month: 'Totals' }],
  ['Window', Window, { sender: 'Spans', type: 'Spans' }],
] as const

/** The language has a value `type` of its own that cannot be declared over, so expressions' `type` is read under this name. */
export const TYPE_VARIABLE = 'transaction_type'

const VARIABLES = {
  tx: 'Tx',
  [TYPE_VARIABLE]: 'Type',
  sender: 'Party',
  recipient: 'Party',
  window: 'Window',
} as const

/** Names an expression may use: its variables, and the fields below them. */
export const VARIABLE_NAMES: readonly string[] = ['tx', 'type', 'sender', 'recipient', 'window']
export const FIELD_NAMES: readonly string[] = [
  ...new Set(TYPES.flatMap(([, , fields]) => Object.keys(fields))),
]

/** Declares the variables `tx`, `type`, `sender`, `recipient` and `window`; needs the type `amount`. */
export function registerContext(environment: Environment): void {
  for (const [name, ctor, fields] of TYPES) environment.registerType(name, { ctor, fields: { ...fields } })
  for (const [name, type] of Object.entries(VARIABLES)) environment.registerVariable(name, type)
}

/** The variables' values for one transaction. */
export function toVariables(context: RuleContext): Record<keyof typeof VARIABLES, unknown> {
  const at = context.tx.createdAt
  return {
    tx: new Tx(context),
    [TYPE_VARIABLE]: new Type(context.type),
    sender: new Party(context.sender, at),
    recipient: new Party(context.recipient, at),
    window: new Window(context.window),
  }
}
