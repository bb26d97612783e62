import { DomainError, InvalidRequest } from '../shared/errors.ts'
import type { RedemptionStatus } from './redemption.ts'

/** No SKU of this economy has the id. */
export class SkuNotFound extends DomainError {
  constructor(pointer?: string) {
    super(
      'sku_not_found',
      'No redeemable SKU with this id exists in the economy.',
      {},
      pointer === undefined ? [] : [{ pointer, detail: 'is no redeemable SKU of the economy' }],
    )
  }
}

/** The SKU is inactive: nothing new is ordered of it. */
export class SkuInactive extends DomainError {
  constructor() {
    super('sku_inactive', 'The redeemable SKU is inactive; nothing new is ordered of it.')
  }
}

/** The SKU is not to be had so. */
export class NotRedeemable extends InvalidRequest {
  constructor(pointer: '/country_iso_code' | '/amount', detail: string) {
    super([{ pointer, detail }])
  }
}

/** No redemption of this economy has the id. */
export class RedemptionNotFound extends DomainError {
  constructor() {
    super('redemption_not_found', 'No redemption with this id exists in the economy.')
  }
}

/** The order is not in the state in which the business decides. */
export class RedemptionStateConflict extends DomainError {
  constructor(status: RedemptionStatus) {
    super(
      'redemption_state_conflict',
      `The redemption is ${status}. It can be decided once, while it is accepted: when its transaction is final.`,
      { status },
    )
  }
}
