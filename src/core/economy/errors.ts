import { DomainError } from '../shared/errors.ts'
import type { Environment } from '../tenant/tenant.ts'

/** The economy is not there, or not the caller's. */
export class EconomyNotFound extends DomainError {
  constructor() {
    super('economy_not_found', 'No economy with this id belongs to the tenant.')
  }
}

/** A key of the whole tenant must say which economy it means. */
export class EconomyRequired extends DomainError {
  constructor() {
    super(
      'economy_required',
      'This key serves several economies: name one in the header OST-Economy (eco_…), or use a key of one economy.',
    )
  }
}

/** The key's environment is not the economy's. */
export class EnvironmentMismatch extends DomainError {
  constructor(key: Environment, economy: Environment) {
    super(
      'environment_mismatch',
      `A ${key} key does not work on a ${economy} economy. Use a ${economy} key.`,
      {
        key_environment: key,
        economy_environment: economy,
      },
    )
  }
}

/** Another economy of the tenant in this environment has the symbol. */
export class EconomySymbolTaken extends DomainError {
  constructor(symbol: string) {
    super(
      'economy_symbol_taken',
      `An economy of yours already has the symbol ${symbol}. Choose another one.`,
      { symbol },
    )
  }
}

/** The economy's present status does not allow the act. */
export class EconomyStateConflict extends DomainError {
  constructor(status: string, needed: string) {
    super('economy_state_conflict', `The economy is ${status}; this needs one that is ${needed}.`, { status })
  }
}

/** Tokens with value behind them come into being by staking only. */
export class ProductionNotAvailable extends DomainError {
  constructor() {
    super(
      'production_not_available',
      'No tokens can be granted in production, and none be backed where no gateway is. Stake for more, or use the environment sandbox.',
    )
  }
}

/** No chain can take a new economy now. */
export class NoChainAvailable extends DomainError {
  constructor() {
    super(
      'no_chain_available',
      'No utility chain with our contracts and an active lane is available. Try again later.',
    )
  }
}
