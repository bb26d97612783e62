import { DomainError } from '../shared/errors.ts'

/** No user of this economy has the id. `pointer` where a request's body named it. */
export class UserNotFound extends DomainError {
  constructor(pointer?: string) {
    super(
      'user_not_found',
      'No user with this id exists in the economy.',
      {},
      pointer === undefined ? [] : [{ pointer, detail: 'is no user of the economy' }],
    )
  }
}

/** The user is archived: it takes part in nothing new. */
export class UserArchived extends DomainError {
  constructor(pointer?: string) {
    super(
      'user_archived',
      'The user is archived and takes part in nothing new.',
      {},
      pointer === undefined ? [] : [{ pointer, detail: 'is an archived user' }],
    )
  }
}

/** Another user of the economy has this external id; archived ones keep theirs. */
export class ExternalIdTaken extends DomainError {
  constructor(externalId: string) {
    super(
      'external_id_taken',
      `A user with the external id "${externalId}" exists already. Find it with GET /v3/users?external_id=….`,
      { external_id: externalId },
      [{ pointer: '/external_id', detail: 'is taken' }],
    )
  }
}

/** The economy's own user is part of the economy: it is neither archived nor given another identity. */
export class CompanyUserFixed extends DomainError {
  constructor() {
    super(
      'company_user_fixed',
      "This is the economy's company user; it cannot be archived or given an external id.",
    )
  }
}
