import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { FAUCET_GRANT_MAX } from '#core/economy/economy.ts'
import type { Faucet } from '#core/economy/faucet.ts'

/** EIP-7825. */
const TRANSACTION_GAS_MAX = 16_777_216n
/** What every transaction costs before it does anything. */
const TRANSACTION_GAS_MIN = 21_000n

/** What every faucet promises. @param faucetAddress Where the chain has it. */
export function describeFaucet(
  implementation: string,
  faucet: Faucet,
  { chainId, faucetAddress }: { chainId: number; faucetAddress: string },
): void {
  const anAddress = () => `0x${randomBytes(20).toString('hex')}`

  describe(`the faucet ${implementation}`, () => {
    it("writes a call of the chain's faucet that fits into a transaction", () => {
      for (const amount of [1n, FAUCET_GRANT_MAX]) {
        const call = faucet.grantCall(chainId, anAddress(), anAddress(), amount)
        expect(call.to).toBe(faucetAddress)
        expect(call.calldata.length).toBeGreaterThan(0)
        expect(call.gasLimit).toBeGreaterThan(TRANSACTION_GAS_MIN)
        expect(call.gasLimit).toBeLessThanOrEqual(TRANSACTION_GAS_MAX)
      }
    })

    it('reads what a call grants', () => {
      for (const amount of [1n, FAUCET_GRANT_MAX])
        expect(
          faucet.grantedAmount(faucet.grantCall(chainId, anAddress(), anAddress(), amount).calldata),
        ).toBe(amount)
    })

    it('writes the same call for the same grant, and another one for another token, recipient or amount', () => {
      const [token, to] = [anAddress(), anAddress()]
      const written = (...grant: [token: string, to: string, amount: bigint]) =>
        Buffer.from(faucet.grantCall(chainId, ...grant).calldata).toString('hex')
      expect(written(token, to, 5n)).toBe(written(token, to, 5n))
      const others = [written(anAddress(), to, 5n), written(token, anAddress(), 5n), written(token, to, 6n)]
      expect(new Set([written(token, to, 5n), ...others]).size).toBe(4)
    })
  })
}
