import type { TypedDataField, Wallet } from 'ethers'
import type { V3Client } from './v3-client.ts'
import type { WireStake } from './wire.ts'

/** Signs a prepared stake by the staker's own key, and hands the signature in. The key goes nowhere. */
export async function signStake(
  economy: V3Client,
  staker: Wallet,
  { id, typed_data: data }: WireStake,
): Promise<void> {
  // The API's description leaves the typed data open; it is what eth_signTypedData_v4 takes.
  const { domain, types, message } = data as {
    domain: Record<string, string | number>
    types: Record<string, TypedDataField[]>
    message: Record<string, string>
  }
  const { EIP712Domain: _, ...own } = types
  const signature = await staker.signTypedData(domain, own, message)
  await economy.post(`/v3/stakes/${encodeURIComponent(id)}/submit`, { signature })
}
