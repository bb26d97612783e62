/** An admin-defined policy: a CEL expression that must be true for a transaction to be accepted. */
export interface TokenRule {
  id: string
  tenantId: string
  economyId: string
  name: string
  /** Rises with each change of what the rule says or where it applies. */
  version: number
  /** Null: asked for every transaction type. */
  typeId: string | null
  expression: string
  /** Shown to the caller when the rule refuses. */
  message: string
  status: 'active' | 'archived'
  createdAt: Date
  updatedAt: Date
}

/** What a rule said at one version; never changed. */
export interface TokenRuleVersion {
  version: number
  typeId: string | null
  expression: string
  message: string
  createdAt: Date
}

/** Active rules of one economy: each of them is asked for each transaction, so their number bounds what accepting costs. */
export const TOKEN_RULES_MAX = 50
/** Characters. */
export const RULE_NAME_LENGTH_MAX = 100
export const RULE_MESSAGE_LENGTH_MAX = 300
