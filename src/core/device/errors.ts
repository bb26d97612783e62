import { DomainError } from '../shared/errors.ts'

/** A device with this address is registered in the economy, for this user or another one. */
export class DeviceExists extends DomainError {
  constructor() {
    super('device_exists', 'A device with this address is registered in the economy already.', {}, [
      { pointer: '/address', detail: 'is registered already' },
    ])
  }
}

/** What is asked for needs a wallet of the user's own, deployed on the chain; this user has none. */
export class WalletMissing extends DomainError {
  constructor() {
    super(
      'wallet_missing',
      "The user's wallet is managed by the economy: there is no wallet contract yet that devices, sessions or recovery owners could act on.",
    )
  }
}
