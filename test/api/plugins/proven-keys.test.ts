import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ProvenKeys } from '#apps/api/plugins/proven-keys.ts'
import type { Credential } from '#core/tenant/authenticate-api-key.ts'

describe('proven keys', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })
  // Handed through, never looked into.
  const credential = (id: string) => ({ id }) as Credential

  it('knows whose key a header was proven to hold, and no other header', () => {
    const keys = new ProvenKeys(1_000)
    const [a, b] = [credential('a'), credential('b')]
    keys.note('Bearer a', a)
    keys.note('Bearer b', b)
    expect([keys.find('Bearer a'), keys.find('Bearer b')]).toEqual([a, b])
    expect(keys.find('Bearer c')).toBeUndefined()
  })

  it('forgets the headers of a while ago with the next proof', () => {
    const keys = new ProvenKeys(1_000)
    keys.note('Bearer a', credential('a'))
    vi.advanceTimersByTime(1_001)
    keys.note('Bearer b', credential('b'))
    expect(keys.find('Bearer a')).toBeUndefined()
    expect(keys.find('Bearer b')).toBeDefined()
  })
})
