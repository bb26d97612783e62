import type { Webhook } from './webhook.ts'

/**
 * The body as one webhook gets it. Bodies are kept once for all webhooks of a format; those of the OST API v2 name the
 * webhook that they go to. The same text on every try. Pure.
 */
export function sentBody({ format, id }: Pick<Webhook, 'format' | 'id'>, kept: string): string {
  if (format === 'v3') return kept
  // Written by the format's own presenter.
  const { version, data, ...head } = JSON.parse(kept) as Record<string, unknown>
  return JSON.stringify({ ...head, webhook_id: id, version, data })
}
