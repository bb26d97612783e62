import type { BaseWallet, TypedDataField, Wallet } from 'ethers'
import { UsageError } from './errors.ts'
import type { V3Client } from './v3-client.ts'
import type { WireStake, WireUnstake } from './wire.ts'

/** Signs a prepared stake by the staker's own key, and hands the signature in. The key goes nowhere. */
export async function signStake(
  economy: V3Client,
  staker: Wallet,
  { id, typed_data: data }: WireStake,
): Promise<void> {
  const signature = await signTypedData(staker, data)
  await economy.post(`/v3/stakes/${encodeURIComponent(id)}/submit`, { signature })
}

/** Signs a prepared unstake and its permit by the redeemer's own key, and hands both in. The key goes nowhere. */
export async function signUnstake(
  economy: V3Client,
  redeemer: Wallet,
  { id, typed_data: intent, permit_typed_data: permit }: WireUnstake,
): Promise<void> {
  if (!intent || !permit) throw new UsageError(`${id} is of a managed wallet: there is nothing to sign.`)
  await economy.post(`/v3/unstakes/${encodeURIComponent(id)}/submit`, {
    signature: await signTypedData(redeemer, intent),
    permit_signature: await signTypedData(redeemer, permit),
  })
}

/** The wallet's signature of typed data, as the API hands it out. */
export async function signTypedData(wallet: BaseWallet, data: object): Promise<string> {
  // The API's description leaves the typed data open; it is what eth_signTypedData_v4 takes.
  const { domain, types, message } = data as {
    domain: Record<string, string | number>
    types: Record<string, TypedDataField[]>
    message: Record<string, string>
  }
  const { EIP712Domain: _, ...own } = types
  return wallet.signTypedData(domain, own, message)
}
