import { DomainError } from '../shared/errors.ts'
import type { MessageKind, MessageStatus } from './message.ts'

/** No stake of this economy has the id. */
export class StakeNotFound extends DomainError {
  constructor() {
    super('stake_not_found', 'No stake with this id exists in the economy.')
  }
}

/** No unstake of this economy has the id. */
export class UnstakeNotFound extends DomainError {
  constructor() {
    super('unstake_not_found', 'No unstake with this id exists in the economy.')
  }
}

/** Only a token that a gateway mints can be backed by stakes. */
export class EconomyNotBacked extends DomainError {
  constructor() {
    super(
      'economy_not_backed',
      'The token of this economy is not backed by a stake: it is of the sandbox, whose faucet mints. Create an economy with environment production.',
    )
  }
}

/** The stake is no longer where this can be done. */
export class StakeStateConflict extends DomainError {
  constructor(status: MessageStatus, detail: string) {
    super('stake_state_conflict', `The stake is ${status}: ${detail}`, { status })
  }
}

/** The unstake is no longer where this can be done. */
export class UnstakeStateConflict extends DomainError {
  constructor(status: MessageStatus, detail: string) {
    super('unstake_state_conflict', `The unstake is ${status}: ${detail}`, { status })
  }
}

/** That there is no message of this kind with the id. */
export function messageNotFound(kind: MessageKind): DomainError {
  return kind === 'stake' ? new StakeNotFound() : new UnstakeNotFound()
}

/** That a message of this kind stands elsewhere. */
export function messageStateConflict(kind: MessageKind, status: MessageStatus, detail: string): DomainError {
  return kind === 'stake' ? new StakeStateConflict(status, detail) : new UnstakeStateConflict(status, detail)
}

/** The amounts of a message do not come out. */
export class InvalidMessageAmount extends DomainError {
  constructor(pointer: string, detail: string) {
    super('invalid_amount', `The ${pointer.slice(1)} ${detail}.`, {}, [{ pointer, detail }])
  }
}

/** The value token is a real one, which nobody gives away. */
export class FaucetNotAvailable extends DomainError {
  constructor() {
    super(
      'faucet_not_available',
      'The value chain has no faucet: it is not a sandbox. Get the value token where it is traded.',
    )
  }
}

/** The tenant, or the address, has had what it may have in a day. */
export class FaucetExhausted extends DomainError {
  constructor(who: 'tenant' | 'address', grantsMax: number) {
    super(
      'faucet_exhausted',
      `The faucet gives ${grantsMax} times in 24 hours to one ${who}. Try again tomorrow${who === 'address' ? ', or with another address' : ''}.`,
      { who, grants_max: grantsMax },
    )
  }
}
