import { DomainError, InvalidRequest } from '../shared/errors.ts'

/** No webhook of this economy has the id, or it was deleted. */
export class WebhookNotFound extends DomainError {
  constructor() {
    super('webhook_not_found', 'No webhook with this id exists in the economy.')
  }
}

/** The event was never queued for this webhook, or is kept no longer. */
export class WebhookDeliveryNotFound extends DomainError {
  constructor() {
    super(
      'webhook_delivery_not_found',
      'This event was not sent to this webhook, or is kept no longer. Replay a range of time to send events that it missed.',
    )
  }
}

/** The receiver's address cannot be accepted. */
export class WebhookUrlRefused extends InvalidRequest {
  constructor(detail: string) {
    super([{ pointer: '/url', detail }])
  }
}

/** The OST API tells an address once. */
export class WebhookUrlTaken extends DomainError {
  constructor() {
    super('webhook_url_taken', 'A webhook of the OST API has this URL already. Update or delete that one.')
  }
}

/** The economy's log has no such event, or keeps it no longer. */
export class EventNotFound extends DomainError {
  constructor() {
    super(
      'event_not_found',
      'No event with this id is in the economy’s log; it is kept for 30 days. Read the present state and go on without `after`.',
    )
  }
}
