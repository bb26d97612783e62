import { randomBytes } from 'node:crypto'
import { uuidv7 } from 'uuidv7'
import { describe, expect, it } from 'vitest'
import type { AddressBook } from '#core/economy/address-book.ts'

const ADDRESS = /^0x[0-9a-f]{40}$/

/** What every address book promises, whatever is behind it. */
export function describeAddressBook(implementation: string, book: AddressBook, chainId: number): void {
  describe(`the address book ${implementation}`, () => {
    const aToken = () => book.predictToken(chainId, uuidv7()).token

    it('gives addresses in lower-case hex, token and rules two of them', () => {
      const { token, tokenRules } = book.predictToken(chainId, uuidv7())
      for (const address of [token, tokenRules, book.holderAddress(chainId, token, randomBytes(12))]) {
        expect(address).toMatch(ADDRESS)
      }
      expect(token).not.toBe(tokenRules)
    })

    it('gives the same addresses for the same ids', () => {
      const [economyId, token, salt] = [uuidv7(), aToken(), randomBytes(12)]
      expect(book.predictToken(chainId, economyId)).toEqual(book.predictToken(chainId, economyId))
      const copy = Uint8Array.from(salt)
      expect(book.holderAddress(chainId, token, salt)).toBe(book.holderAddress(chainId, token, copy))
    })

    it('gives every economy and every user an address of their own', () => {
      const tokens = Array.from({ length: 50 }, aToken)
      expect(new Set(tokens).size).toBe(50)
      const salts = Array.from({ length: 50 }, () => randomBytes(12))
      const holders = [
        ...salts.map((salt) => book.holderAddress(chainId, tokens[0] ?? '', salt)),
        ...tokens.slice(1).map((token) => book.holderAddress(chainId, token, salts[0] ?? randomBytes(12))),
      ]
      expect(new Set(holders).size).toBe(99)
    })

    it.each([0, 11, 13, 32])('refuses a salt of %i bytes', (length) => {
      expect(() => book.holderAddress(chainId, aToken(), new Uint8Array(length))).toThrow('12 bytes')
    })
  })
}
