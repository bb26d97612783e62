import { DomainError } from '../shared/errors.ts'

/** The tenant is not there, or not the caller's. */
export class TenantNotFound extends DomainError {
  constructor() {
    super('tenant_not_found', 'No tenant with this id exists.')
  }
}

/** Only the platform's operator creates tenants here. */
export class SignUpClosed extends DomainError {
  constructor() {
    super('sign_up_closed', 'This installation has no open sign-up. Ask its operator to create the tenant.')
  }
}

/** The tenant has no such member. */
export class MemberNotFound extends DomainError {
  constructor() {
    super('member_not_found', 'No member with this id belongs to the tenant.')
  }
}

/** The e-mail address belongs to a present member. */
export class MemberExists extends DomainError {
  constructor() {
    super('member_exists', 'A member with this e-mail address exists. Change their role instead.')
  }
}

/** Without an owner nobody could ever administer the tenant again. */
export class LastOwner extends DomainError {
  constructor() {
    super('last_owner', 'This is the last owner. Make another member an owner first.')
  }
}

/** The tenant has no such key. */
export class ApiKeyNotFound extends DomainError {
  constructor() {
    super('api_key_not_found', 'No API key with this id belongs to the tenant.')
  }
}

/** The key to be changed is past changing. Not about the key that asks. */
export class ApiKeyNotActive extends DomainError {
  constructor(detail: string) {
    super('api_key_not_active', detail)
  }
}

/** No credential, or one that was never ours. */
export class Unauthenticated extends DomainError {
  constructor(detail: string) {
    super('unauthenticated', detail)
  }
}

/** The key was created to sign and never to be sent. */
export class SignatureRequired extends DomainError {
  constructor() {
    super('signature_required', 'This API key must sign its requests (RFC 9421); do not send the key itself.')
  }
}

/** A signature that does not hold, or leaves out what it must cover. */
export class SignatureInvalid extends DomainError {
  /** @param parameter Where one is to blame, and callers of this surface are told which. */
  constructor(detail: string, parameter?: string) {
    super(
      'signature_invalid',
      detail,
      {},
      parameter === undefined ? [] : [{ pointer: `?${parameter}`, detail }],
    )
  }
}

/** A genuine signature that came before, in a dialect without nonces. */
export class SignatureRepeated extends SignatureInvalid {
  constructor(parameter: string) {
    super('The signature was used before.', parameter)
  }
}

/** The key was good and has run out. */
export class KeyExpired extends DomainError {
  constructor() {
    super('key_expired', 'This API key has expired. Use the key it was rotated to, or create a new one.')
  }
}

/** The key was good and was revoked. */
export class KeyRevoked extends DomainError {
  constructor() {
    super('key_revoked', 'This API key was revoked. Create a new one.')
  }
}

/** The key works from listed addresses only. */
export class IpNotAllowed extends DomainError {
  constructor(ip: string) {
    super('ip_not_allowed', `This API key does not work from ${ip}. Add the address to its ip_allow_list.`)
  }
}

/** The operator has suspended the tenant. */
export class TenantSuspended extends DomainError {
  constructor() {
    super('tenant_suspended', 'The tenant is suspended. Ask the operator of this installation.')
  }
}

/** The key may not do this. */
export class ScopeMissing extends DomainError {
  constructor(missing: readonly string[], detail?: string) {
    super('scope_missing', detail ?? `This API key lacks the scope ${missing.join(', ')}.`, { missing })
  }
}

/** Only owners touch owners. */
export class OwnerRequired extends DomainError {
  constructor() {
    super('owner_required', 'Only an owner may make, change, invite or remove an owner.')
  }
}
