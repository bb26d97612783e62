import { DomainError } from '../shared/errors.ts'
import type { BaseUnits } from '../shared/money.ts'

/** No airdrop of this economy has the id. */
export class AirdropNotFound extends DomainError {
  constructor() {
    super('airdrop_not_found', 'No airdrop with this id exists in the economy.')
  }
}

/** The company cannot pay all recipients. Amounts in base units. */
export class AirdropOverBudget extends DomainError {
  constructor(budget: { recipients: number; amount: BaseUnits; required: BaseUnits; available: BaseUnits }) {
    const { recipients, amount, required, available } = budget
    super(
      'airdrop_over_budget',
      `${recipients} recipients × ${amount} base units need ${required}; the company has ${available} available besides what other airdrops still need. Lower the amount, choose fewer recipients, or grant the company more.`,
      {
        recipients,
        amount: amount.toString(),
        required: required.toString(),
        available: available.toString(),
        recipients_affordable: Number(available / amount),
      },
    )
  }
}

/** Nobody matches. */
export class NoRecipients extends DomainError {
  constructor() {
    super(
      'no_recipients',
      'No active user of the economy matches, so nobody would receive anything. Widen the recipients.',
      {},
      [{ pointer: '/recipients', detail: 'match nobody' }],
    )
  }
}

/** Airdrops are paid by the company to its users. */
export class NoAirdropType extends DomainError {
  constructor(name: string, kind: string) {
    const detail = `Transaction type "${name}" is ${kind}; an airdrop needs one that is company_to_user.`
    super('invalid_parties', detail, { kind }, [{ pointer: '/type', detail }])
  }
}
