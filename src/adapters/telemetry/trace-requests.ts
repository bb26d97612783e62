import { AsyncLocalStorage } from 'node:async_hooks'
import type { AcceptRequest } from '#core/transaction/accept-transactions.ts'
import type { Accept, Acceptor } from '#core/transaction/acceptor.ts'
import { parseTraceparent, rootOf, type SpanRef } from './trace-ids.ts'
import { LINKS_MAX, newSpanId, newTraceId, traceNow, type Tracing } from './tracing.ts'

/** A request under way. */
export interface TracedRequest {
  id: string
  span: SpanRef & { parentSpanId?: string }
  isRecorded: boolean
  startedAt: number
  /** Accepted by it, so far. */
  transactionIds: string[]
}

export interface RequestTracing {
  /** Goes on with `next` inside the request's trace: the caller's where it names one, else a new one. */
  begin(request: { id: string; traceparent: unknown }, next: () => void): TracedRequest
  end(request: TracedRequest, answer: RequestFacts): void
  /** Puts a span around every group commit, and starts the trace of every transaction that is accepted. */
  acceptor(acceptor: Acceptor): void
  around(accept: Accept): Accept
}

export interface RequestFacts {
  method: string
  route: string
  status: number
  tenantId: string | undefined
  economyId: string | undefined
}

/** Records requests, the group commits that they share, and the beginning of each transaction's trace. */
export function traceRequests(tracing: Tracing): RequestTracing {
  const current = new AsyncLocalStorage<TracedRequest>()
  const requestOf = new WeakMap<AcceptRequest, TracedRequest>()
  const commitOf = new WeakMap<AcceptRequest, SpanRef>()

  return {
    begin({ id, traceparent }, next) {
      const caller = parseTraceparent(traceparent)
      const traceId = caller?.traceId ?? newTraceId()
      const request: TracedRequest = {
        id,
        span: { traceId, spanId: newSpanId(), ...(caller && { parentSpanId: caller.spanId }) },
        isRecorded: caller ? caller.isSampled : tracing.isRecorded(traceId),
        startedAt: traceNow(),
        transactionIds: [],
      }
      current.run(request, next)
      return request
    },

    end(request, { method, route, status, tenantId, economyId }) {
      if (!request.isRecorded) return
      tracing.record({
        name: `${method} ${route}`,
        kind: 'server',
        at: request.span,
        startedAt: request.startedAt,
        endedAt: traceNow(),
        attributes: {
          'http.request.method': method,
          'http.route': route,
          'http.response.status_code': status,
          'ost.request_id': request.id,
          'ost.tenant_id': tenantId,
          'ost.economy_id': economyId,
        },
        links: request.transactionIds.slice(0, LINKS_MAX).map(rootOf),
        ...(status >= 500 && { failure: String(status) }),
      })
    },

    acceptor(acceptor) {
      const submit = acceptor.submit.bind(acceptor)
      acceptor.submit = async (accept) => {
        const request = current.getStore()
        if (request) requestOf.set(accept, request)
        const result = await submit(accept)
        if (request && 'items' in result && !result.replayed && !accept.dryRun) {
          for (const item of result.items) if ('accepted' in item) begun(request, accept, item.accepted.id)
        }
        return result
      }
    },

    around: (accept) => async (requests, onSent) => {
      const at = { traceId: newTraceId(), spanId: newSpanId() }
      const startedAt = traceNow()
      for (const request of requests) commitOf.set(request, at)
      const results = await accept(requests, onSent)
      tracing.record({
        name: 'accept.batch',
        at,
        startedAt,
        endedAt: traceNow(),
        attributes: { 'ost.requests': requests.length },
        links: requests.flatMap((request) => requestOf.get(request)?.span ?? []).slice(0, LINKS_MAX),
      })
      return results
    },
  }

  function begun(request: TracedRequest, accept: AcceptRequest, transactionId: string): void {
    request.transactionIds.push(transactionId)
    const root = rootOf(transactionId)
    if (!tracing.isRecorded(root.traceId)) return
    const commit = commitOf.get(accept)
    tracing.record({
      name: 'transaction.accept',
      at: root,
      startedAt: request.startedAt,
      endedAt: traceNow(),
      attributes: {
        'ost.transaction_id': transactionId,
        'ost.tenant_id': accept.tenantId,
        'ost.economy_id': accept.economyId,
        'ost.request_id': request.id,
      },
      links: [request.span, ...(commit ? [commit] : [])],
    })
  }
}
