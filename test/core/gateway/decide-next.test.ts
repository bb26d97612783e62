import { describe, expect, it } from 'vitest'
import { decideNext, type MessageView, statusOf } from '#core/gateway/decide-next.ts'
import { BOX_STATUSES, type BoxStatus } from '#core/gateway/gateway-reader.ts'

/** Both ends as their newest and their final blocks show them, the other's as the newest root does. */
function view(source: BoxStatus, target: BoxStatus, more: Partial<MessageView> = {}): MessageView {
  return {
    source: { latest: source, final: source },
    target: { latest: target, final: target },
    sourceAtRoot: source,
    targetAtRoot: target,
    funding: 'none',
    isAllowed: true,
    isSigned: true,
    isExpired: false,
    isOverdue: false,
    isPayable: true,
    ...more,
  }
}
const stale = { sourceAtRoot: 'undeclared', targetAtRoot: 'undeclared' } as const

describe('what follows from where a message stands', () => {
  it.each([
    ['undeclared', 'undeclared', 'declare'],
    ['declared', 'undeclared', 'confirm'],
    ['progressed', 'undeclared', 'confirm'],
    ['declared_revocation', 'undeclared', 'confirm'],
    ['declared', 'declared', 'progress_target'],
    ['progressed', 'declared', 'progress_target'],
    ['declared_revocation', 'declared', 'confirm_revocation'],
    ['declared', 'progressed', 'progress_source'],
    ['declared_revocation', 'progressed', 'progress_source_with_proof'],
    ['declared_revocation', 'revoked', 'progress_revocation'],
  ] as const)('source %s, target %s: %s', (source, target, call) => {
    expect(decideNext(view(source, target))).toEqual({ do: 'call', call })
  })

  it.each([
    ['progressed', 'progressed', 'completed'],
    ['revoked', 'revoked', 'revoked'],
  ] as const)('source %s, target %s: it has ended', (source, target, status) => {
    expect(decideNext(view(source, target))).toEqual({ do: 'end', status })
  })

  it('expires only when a final block is past its deadline and nothing was declared', () => {
    const expired = view('undeclared', 'undeclared', { isExpired: true })
    expect(decideNext(expired)).toEqual({ do: 'end', status: 'expired' })
    const declaredLast = { ...expired, source: { latest: 'declared', final: 'undeclared' } as const }
    expect(decideNext(declaredLast)).toEqual({ do: 'wait', for: 'finality' })
  })

  it.each([
    ['declared', 'undeclared', 'revoke'],
    ['declared', 'declared', 'revoke'],
    ['progressed', 'undeclared', 'confirm'],
    ['progressed', 'declared', 'progress_target'],
    ['declared_revocation', 'undeclared', 'confirm'],
    ['declared_revocation', 'declared', 'confirm_revocation'],
    ['declared', 'progressed', 'progress_source'],
    ['declared_revocation', 'progressed', 'progress_source_with_proof'],
    ['declared_revocation', 'revoked', 'progress_revocation'],
  ] as const)('source %s, target %s, overdue: %s', (source, target, call) => {
    const overdue = { isExpired: true, isOverdue: true }
    expect(decideNext(view(source, target, overdue))).toEqual({ do: 'call', call })
    // Whether it could be paid does not matter any more, nor whether a root shows it.
    const held = { ...overdue, ...stale, isPayable: false }
    if (call === 'revoke') expect(decideNext(view(source, target, held))).toEqual({ do: 'call', call })
  })

  it('takes back what is overdue only where neither end is about to change', () => {
    const overdue = view('declared', 'declared', { isOverdue: true })
    for (const latest of ['progressed', 'declared_revocation'] as const) {
      const source = { latest, final: 'declared' } as const
      expect(decideNext({ ...overdue, source })).toEqual({ do: 'wait', for: 'finality' })
    }
    const target = { latest: 'progressed', final: 'declared' } as const
    expect(decideNext({ ...overdue, target })).toEqual({ do: 'wait', for: 'finality' })
  })

  it.each([
    ['declared', 'undeclared', 'target'],
    ['declared_revocation', 'declared', 'target'],
    ['declared_revocation', 'progressed', 'source'],
    ['declared_revocation', 'revoked', 'source'],
  ] as const)('source %s, target %s: waits for a root at the %s that shows it', (source, target, at) => {
    expect(decideNext(view(source, target, stale))).toEqual({ do: 'await_root', at })
  })

  it('of a managed wallet: waits for the tokens, lets the gateway take them, and fails where they do not move', () => {
    const at = (more: Partial<MessageView>) => decideNext(view('undeclared', 'undeclared', more))
    expect(at({ funding: 'pending' })).toEqual({ do: 'wait', for: 'tokens' })
    expect(at({ funding: 'arrived', isAllowed: false })).toEqual({ do: 'call', call: 'allow' })
    expect(at({ funding: 'arrived' })).toEqual({ do: 'call', call: 'declare' })
    expect(at({ funding: 'failed' })).toEqual({ do: 'end', status: 'failed' })
  })

  it('waits for its sender, and for the mint limit', () => {
    expect(decideNext(view('undeclared', 'undeclared', { isSigned: false }))).toEqual({
      do: 'wait',
      for: 'signature',
    })
    expect(decideNext(view('declared', 'declared', { isPayable: false }))).toEqual({
      do: 'wait',
      for: 'mint_limit',
    })
  })
})

describe('whatever both chains show', () => {
  const all = BOX_STATUSES.flatMap((sourceLatest) =>
    BOX_STATUSES.flatMap((sourceFinal) =>
      BOX_STATUSES.flatMap((targetLatest) =>
        BOX_STATUSES.flatMap((targetFinal) =>
          [false, true].map((isOverdue) =>
            view(sourceFinal, targetFinal, {
              source: { latest: sourceLatest, final: sourceFinal },
              target: { latest: targetLatest, final: targetFinal },
              isOverdue,
            }),
          ),
        ),
      ),
    ),
  )

  it('lets the secret out on the source only after the target has finally paid', () => {
    for (const seen of all) {
      const next = decideNext(seen)
      if (next.do === 'call' && next.call === 'progress_source') expect(seen.target.final).toBe('progressed')
    }
  })

  it('pays on the target only on what is final at the source, and never what is being taken back', () => {
    for (const seen of all) {
      const next = decideNext(seen)
      if (next.do !== 'call' || next.call !== 'progress_target') continue
      expect(['declared', 'progressed']).toContain(seen.source.final)
      expect(seen.source.latest).toBe(seen.source.final)
      expect(seen.target).toEqual({ latest: 'declared', final: 'declared' })
    }
  })

  it('takes back by itself only what is overdue, and nothing that the target has paid', () => {
    for (const seen of all) {
      const next = decideNext(seen)
      if (next.do !== 'call' || next.call !== 'revoke') continue
      expect(seen.isOverdue).toBe(true)
      expect(seen.source).toEqual({ latest: 'declared', final: 'declared' })
      expect([seen.target.latest, seen.target.final]).not.toContain('progressed')
    }
  })

  it('has a status for it, an ended one exactly when it has ended', () => {
    for (const seen of all) {
      const next = decideNext(seen)
      const hasEnded = ['completed', 'revoked', 'expired'].includes(statusOf(seen, next))
      expect(hasEnded).toBe(next.do === 'end')
    }
  })
})
