import { DomainError } from '../shared/errors.ts'

/** One answer for an unknown address, a wrong password, a removed member and a tenant that was needed and not named. */
export class SignInFailed extends DomainError {
  constructor(
    detail = 'This address and password do not open anything. Who belongs to several tenants names one: `tenant_id`.',
  ) {
    super('sign_in_failed', detail)
  }
}

/** Too many failures; said alike whether the account exists or not. */
export class SignInDelayed extends DomainError {
  constructor(seconds: number) {
    super('sign_in_delayed', `Too many failed attempts. Try again in ${seconds} seconds.`, {
      retry_after_seconds: seconds,
    })
  }
}

/** The access token has run out. */
export class TokenExpired extends DomainError {
  constructor() {
    super(
      'token_expired',
      'The access token has expired. Get a new one for your refresh token: POST /v3/auth/refresh.',
    )
  }
}

/** The session of the access token is over. */
export class SessionEnded extends DomainError {
  constructor() {
    super('session_ended', 'The session has ended. Sign in again.')
  }
}

/** The refresh token gives nothing (any more); one answer for every reason. */
export class RefreshRefused extends DomainError {
  constructor() {
    super(
      'refresh_refused',
      'The refresh token is unknown, was used before, or its session has ended. Sign in again.',
    )
  }
}

/** Programs have keys and no sessions. */
export class SessionRequired extends DomainError {
  constructor() {
    super('session_required', 'This is for people: send the access token of a sign-in, not an API key.')
  }
}

/** The member has no such living session. */
export class SessionNotFound extends DomainError {
  constructor() {
    super('session_not_found', 'No open session of yours has this id.')
  }
}

/** The invitation was used, replaced, has expired, or never was. */
export class InvitationInvalid extends DomainError {
  constructor() {
    super('invitation_invalid', 'The invitation is unknown, was used, or has expired. Ask for a new one.')
  }
}
