import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bundleStatus } from '#core/bundle/bundle.ts'
import type { TransactionStatus } from '#core/transaction/transaction.ts'

describe('bundleStatus', () => {
  it.each<[TransactionStatus[], TransactionStatus]>([
    [['queued', 'confirmed'], 'queued'],
    [['submitted', 'mined'], 'submitted'],
    [['mined', 'confirmed'], 'mined'],
    [['confirmed', 'confirmed'], 'confirmed'],
    [['confirmed', 'failed'], 'failed'],
    [['failed', 'failed'], 'failed'],
    [['failed', 'mined'], 'mined'],
  ])('%j is %s', (members, status) => {
    expect(bundleStatus(members)).toBe(status)
  })

  it('has ended exactly when every member has, and succeeded exactly when every member did', () => {
    const status = fc.constantFrom<TransactionStatus>('queued', 'submitted', 'mined', 'confirmed', 'failed')
    fc.assert(
      fc.property(fc.array(status, { minLength: 1, maxLength: 10 }), (members) => {
        const whole = bundleStatus(members)
        const haveEnded = members.every((member) => member === 'confirmed' || member === 'failed')
        expect(whole === 'confirmed' || whole === 'failed').toBe(haveEnded)
        expect(whole === 'confirmed').toBe(members.every((member) => member === 'confirmed'))
      }),
    )
  })
})
