import type { FiatCurrency } from '../rule/currency.ts'

/** active: can be redeemed · inactive: shown, and nothing new is ordered. */
export type SkuStatus = 'active' | 'inactive'

/** In which amounts a SKU is to be had in a country. */
export interface Availability {
  country: string
  countryIsoCode: string
  currencyIsoCode: FiatCurrency
  /** Fiat amounts, each a decimal with at most 6 places. */
  denominations: readonly string[]
}

/** Something that users get for their tokens. */
export interface RedeemableSku {
  id: string
  tenantId: string
  economyId: string
  /** By which the OST API v2 names it. */
  number: number
  name: string
  description: string
  /** Addresses of pictures by what they are for. */
  images: Readonly<Record<string, SkuImage>>
  availability: readonly Availability[]
  status: SkuStatus
  createdAt: Date
  updatedAt: Date
}

export interface SkuImage {
  url: string
  /** Pixels. */
  width?: number
  height?: number
}

/**
 * initiated: paid for, not final on the chain · accepted: final, the business's turn · failed: the payment failed ·
 * fulfilled, cancelled: the business's decision.
 */
export const REDEMPTION_STATUSES = ['initiated', 'accepted', 'failed', 'fulfilled', 'cancelled'] as const
export type RedemptionStatus = (typeof REDEMPTION_STATUSES)[number]

/** An order about to exist, with the transaction that pays for it. */
export interface NewRedemption {
  id: string
  userId: string
  skuId: string
  /** A decimal with at most 6 places. */
  amountFiat: string
  countryIsoCode: string
  currencyIsoCode: FiatCurrency
  email: string | null
  createdAt: Date
}

/** A user's order. Its status before the decision is that of its transaction. */
export interface Redemption extends NewRedemption {
  tenantId: string
  economyId: string
  skuNumber: number
  transactionId: string
  status: RedemptionStatus
  decidedAt: Date | null
}

export const SKUS_MAX = 1_000
/** Countries of one SKU, and amounts in each. */
export const AVAILABILITY_MAX = 300
export const DENOMINATIONS_MAX = 50
/** Characters. */
export const SKU_NAME_LENGTH_MAX = 255
export const SKU_DESCRIPTION_LENGTH_MAX = 4_000
export const SKU_IMAGES_MAX = 10
