import type { Finding, Verdict } from '../finding.ts'
import type { EconomySnapshot, LaneRow } from '../snapshot.ts'

/** At the block that the ledger has reached, every account has what the chain says; each lane has used every nonce, once. */
export const ledgerEqualsChain: Verdict = ({ economies, lanes }) => {
  const whats = [...economies.flatMap(judgeBalances), ...lanes.flatMap(judgeNonces)]
  return whats.map((what): Finding => ({ verdict: 'V3', kind: 'mismatch', what }))
}

function judgeBalances({ accounts, chain }: EconomySnapshot): string[] {
  const whats: string[] = []
  let sum = 0n
  for (const { kind, address, settled } of accounts) {
    if (kind === 'issuance') continue
    sum += settled
    const onChain = chain.balances.get(address)
    if (onChain !== settled)
      whats.push(
        `${address} has ${settled} in the ledger and ${onChain} on the chain at block ${chain.block}`,
      )
  }
  if (sum !== chain.totalSupply)
    whats.push(`the ledger has ${sum}, the token's supply is ${chain.totalSupply}`)
  return whats
}

function judgeNonces({ address, nonces: own, foreign = [], used }: LaneRow): string[] {
  const nonces = [...own, ...foreign].toSorted((a, b) => a - b)
  if (nonces.length === used && nonces.every((nonce, index) => nonce === index)) return []
  const gaps = nonces.filter((nonce, index) => nonce !== index)
  return [
    `lane ${address} has ${nonces.length} nonces, the chain has used ${used}; out of order from ${gaps[0]}`,
  ]
}
