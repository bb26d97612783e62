import type { ChainHead } from '#core/chain/chain-reader.ts'
import type { Device, DeviceManager, RecoveryOwner, WalletSession } from '#core/device/device.ts'
import type { Token } from '#core/economy/read-token.ts'
import type { Redemption, RedeemableSku } from '#core/redemption/redemption.ts'
import { parseDecimal, toUnitsDown } from '#core/shared/money.ts'
import type { User } from '#core/user/user.ts'
import type { Webhook } from '#core/webhook/webhook.ts'

/** Tokens per base token. Economies here are priced by the worth of their own token, so one stands for one. */
export const CONVERSION_FACTOR = 1
/** What tokens are backed by. */
export const BASE_TOKEN = 'OST'

/** Unix seconds. */
export function seconds(moment: Date): number {
  return Math.floor(moment.getTime() / 1_000)
}

/** What a user of the dialect is besides a user of ours: what its wallet's contracts say. */
export interface WalletParts {
  deviceManagerAddress: string | null
  recoveryOwnerAddress: string | null
}

const NO_PARTS: WalletParts = { deviceManagerAddress: null, recoveryOwnerAddress: null }

/**
 * A user. CREATED until a wallet of its own is activated; the address of its token holder is known before, and can be paid. The
 * company moves its funds through the platform, and counts as activated.
 */
export function presentUser(user: User, tokenNumber: number, parts: WalletParts = NO_PARTS) {
  const isActivated = user.type === 'company' || user.wallet.custody === 'self_custody'
  return {
    id: user.id,
    token_id: tokenNumber,
    token_holder_address: user.wallet.address,
    device_manager_address: parts.deviceManagerAddress,
    recovery_address: null,
    recovery_owner_address: parts.recoveryOwnerAddress,
    type: user.type,
    status: isActivated ? 'ACTIVATED' : 'CREATED',
    updated_timestamp: seconds(user.updatedAt),
  }
}

/** A user as its creation answers it: nothing is set up yet. */
export function presentNewUser(user: User, tokenNumber: number) {
  return { ...presentUser(user, tokenNumber), token_holder_address: null }
}

export function presentDevice(device: Device) {
  return {
    user_id: device.userId,
    address: device.address,
    linked_address: device.linkedAddress,
    api_signer_address: device.apiSignerAddress,
    status: device.status.toUpperCase(),
    updated_timestamp: seconds(device.updatedAt),
  }
}

/** @param chain Where the session ends at a height; when that will be follows from the time of a block. */
export function presentSession(session: WalletSession, chain: ChainHead | undefined) {
  const head = chain?.blockNumber ?? null
  const blocksLeft = head === null ? null : Number(session.expirationHeight - head)
  return {
    user_id: session.userId,
    address: session.address,
    expiration_height: Number(session.expirationHeight),
    approx_expiration_timestamp:
      chain === undefined || blocksLeft === null
        ? null
        : seconds(chain.updatedAt) + Math.floor((blocksLeft * chain.blockTimeMs) / 1_000),
    spending_limit: session.spendingLimit.toString(),
    nonce: Number(session.nonce),
    status: session.status.toUpperCase(),
    updated_timestamp: seconds(session.updatedAt),
  }
}

export function presentDeviceManager(manager: DeviceManager) {
  return {
    user_id: manager.userId,
    address: manager.address,
    requirement: manager.requirement,
    nonce: Number(manager.nonce),
    status: manager.status.toUpperCase(),
    updated_timestamp: seconds(manager.updatedAt),
  }
}

export function presentRecoveryOwner(owner: RecoveryOwner) {
  return {
    user_id: owner.userId,
    address: owner.address,
    status: owner.status.toUpperCase(),
    updated_timestamp: seconds(owner.updatedAt),
  }
}

export function presentChain(chain: ChainHead) {
  return {
    id: chain.id,
    type: chain.role === 'value' ? 'Origin' : 'Auxiliary',
    block_height: chain.blockNumber === null ? null : Number(chain.blockNumber),
    block_time: chain.blockTimeMs / 1_000,
    updated_timestamp: seconds(chain.updatedAt),
  }
}

export function presentToken(token: Token, valueChainId: number | null, updatedAt: Date) {
  return {
    id: token.number,
    name: token.name,
    symbol: token.symbol,
    base_token: BASE_TOKEN,
    conversion_factor: CONVERSION_FACTOR,
    total_supply: token.supply.toString(),
    decimals: token.decimals,
    // Tokens live on their utility chain alone until they are minted against a stake.
    origin_chain: {
      chain_id: valueChainId,
      branded_token: null,
      organization: { contract: null, owner: null },
      stakers: [],
    },
    auxiliary_chains: [
      {
        chain_id: token.chainId,
        utility_branded_token: token.address,
        company_token_holders: [token.company.address],
        company_uuids: [token.company.userId],
        organization: { contract: null, owner: null },
      },
    ],
    updated_timestamp: seconds(updatedAt),
  }
}

export function presentPricePoint({ rates, decimals }: Pick<Token, 'rates' | 'decimals'>) {
  const newest = rates.reduce((latest, { asOf }) => Math.max(latest, seconds(asOf)), 0)
  return {
    [BASE_TOKEN]: {
      ...Object.fromEntries(rates.map(({ currency, price }) => [currency, Number(price)])),
      decimals,
      updated_timestamp: newest,
    },
  }
}

export function presentRedemption(redemption: Redemption) {
  return {
    id: redemption.id,
    redeemable_sku_id: String(redemption.skuNumber),
    amount_in_fiat: Number(redemption.amountFiat),
    country_iso_code: redemption.countryIsoCode,
    currency_iso_code: redemption.currencyIsoCode,
    transaction_id: redemption.transactionId,
    email: redemption.email,
    status: redemption.status.toUpperCase(),
    updated_timestamp: seconds(redemption.decidedAt ?? redemption.createdAt),
  }
}

export function presentSku(sku: RedeemableSku) {
  return {
    id: String(sku.number),
    name: sku.name,
    images: sku.images,
    description: { text: sku.description },
    status: sku.status === 'active' ? 'active' : 'inActive',
    updated_timestamp: seconds(sku.updatedAt),
  }
}

/** With where it is to be had, and what that is in tokens at the price of the moment; null where there is no price. */
export function presentSkuInFull(sku: RedeemableSku, { rates, decimals }: Pick<Token, 'rates' | 'decimals'>) {
  return {
    ...presentSku(sku),
    availability: sku.availability.map((offer) => {
      const price = rates.find(({ currency }) => currency === offer.currencyIsoCode)?.price
      return {
        country: offer.country,
        country_iso_code: offer.countryIsoCode,
        currency_iso_code: offer.currencyIsoCode,
        denominations: offer.denominations.map((amount) => ({
          amount_in_fiat: Number(amount),
          amount_in_wei:
            price === undefined
              ? null
              : toUnitsDown(parseDecimal(amount), parseDecimal(price), decimals).toString(),
        })),
      }
    }),
  }
}

export function presentWebhook({ id, url, status, topics, updatedAt }: Webhook) {
  return {
    id,
    url,
    format: 'json',
    status: status === 'enabled' ? 'active' : 'inactive',
    topics: [...topics],
    updated_timestamp: seconds(updatedAt),
  }
}
