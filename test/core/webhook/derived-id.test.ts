import { expect, it } from 'vitest'
import { ids } from '#adapters/crypto/ids.ts'
import { derivedId } from '#core/webhook/derived-id.ts'

it('is the same for the same, another for another, a UUIDv8 that keeps the time', () => {
  const [one, two] = [ids.next(), ids.next()]
  const derived = derivedId(one, 'transactions/success')
  expect(derivedId(one, 'transactions/success')).toBe(derived)
  expect(derivedId(one, 'transactions/mine')).not.toBe(derived)
  expect(derivedId(two, 'transactions/success')).not.toBe(derived)
  expect(derived).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(derived.slice(0, 13)).toBe(one.slice(0, 13))
})
