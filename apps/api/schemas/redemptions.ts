import { type Static, Type } from 'typebox'
import {
  AVAILABILITY_MAX,
  DENOMINATIONS_MAX,
  REDEMPTION_STATUSES,
  SKU_DESCRIPTION_LENGTH_MAX,
  SKU_IMAGES_MAX,
  SKU_NAME_LENGTH_MAX,
} from '#core/redemption/redemption.ts'
import { FIAT_CURRENCIES } from '#core/rule/currency.ts'
import { Body, exampleId, Id, ListQuery, Nullable, Strict, Timestamp } from './common.ts'

/** Pixels. */
const IMAGE_SIDE_MAX = 10_000

const FiatText = Type.String({
  pattern: '^(?:0|[1-9][0-9]{0,17})(?:\\.[0-9]{1,6})?$',
  description: 'A decimal amount of money with at most 6 places.',
  examples: ['25'],
})
const Country = Type.String({
  pattern: '^[A-Z]{2,3}$',
  description: 'ISO 3166-1, in capitals.',
  examples: ['US'],
})
const Name = Type.String({ minLength: 1, maxLength: SKU_NAME_LENGTH_MAX, examples: ['Bookshop voucher'] })
const Description = Type.String({
  maxLength: SKU_DESCRIPTION_LENGTH_MAX,
  description: 'For the people who redeem.',
  examples: ['Valid for a year in every shop.'],
})
const Images = Type.Record(
  Type.String({ pattern: '^[a-z_]{1,40}$' }),
  Strict({
    url: Type.String({ format: 'uri', maxLength: 2_048 }),
    width: Type.Optional(Type.Integer({ minimum: 1, maximum: IMAGE_SIDE_MAX })),
    height: Type.Optional(Type.Integer({ minimum: 1, maximum: IMAGE_SIDE_MAX })),
  }),
  {
    maxProperties: SKU_IMAGES_MAX,
    description: 'Addresses of pictures, by what they are for: `cover`, `detail` …',
    examples: [{ cover: { url: 'https://example.com/voucher.png' } }],
  },
)
const Availability = Type.Array(
  Strict({
    country: Type.String({ minLength: 1, maxLength: 100, examples: ['United States'] }),
    country_iso_code: Country,
    currency_iso_code: Type.Enum([...FIAT_CURRENCIES]),
    denominations: Type.Array(FiatText, { minItems: 1, maxItems: DENOMINATIONS_MAX, uniqueItems: true }),
  }),
  {
    maxItems: AVAILABILITY_MAX,
    description: 'Where it is to be had, in which amounts.',
    examples: [
      [
        {
          country: 'United States',
          country_iso_code: 'US',
          currency_iso_code: 'USD',
          denominations: ['10', '25'],
        },
      ],
    ],
  },
)
const Status = Type.Enum(['active', 'inactive'], {
  description: 'inactive: shown, and nothing new is ordered of it.',
})

export const CreateSkuBody = Body(
  {
    name: Name,
    description: Type.Optional(Description),
    images: Type.Optional(Images),
    availability: Availability,
    status: Type.Optional({ ...Status, default: 'active' }),
  },
  {
    name: 'Bookshop voucher',
    availability: [
      {
        country: 'United States',
        country_iso_code: 'US',
        currency_iso_code: 'USD',
        denominations: ['10', '25'],
      },
    ],
  },
)
export type CreateSkuBody = Static<typeof CreateSkuBody>

export const UpdateSkuBody = Body(
  {
    name: Type.Optional(Name),
    description: Type.Optional(Description),
    images: Type.Optional(Images),
    availability: Type.Optional(Availability),
    status: Type.Optional(Status),
  },
  { description: 'Valid for a year in every shop.' },
  { minProperties: 1 },
)
export type UpdateSkuBody = Static<typeof UpdateSkuBody>

export const ListSkusQuery = ListQuery({ status: Type.Optional(Status) })

/** Something that users get for their tokens. */
export const SkuSchema = Type.Object({
  object: Type.Literal('redeemable_sku'),
  id: Id('sku'),
  number: Type.Integer({ description: 'By which the OST API v2 names it.' }),
  name: Type.String(),
  description: Type.String(),
  images: Images,
  availability: Availability,
  status: Status,
  created_at: Timestamp,
  updated_at: Timestamp,
})

export const CreateRedemptionBody = Body(
  {
    user_id: Id('usr', 'Who redeems and pays.'),
    sku_id: Id('sku'),
    country_iso_code: Country,
    amount: { ...FiatText, description: 'One of the SKU’s amounts in the country, in its currency.' },
    email: Type.Optional(
      Type.String({ format: 'email', maxLength: 254, description: 'Where the voucher is sent to.' }),
    ),
  },
  { user_id: exampleId('usr'), sku_id: exampleId('sku'), country_iso_code: 'US', amount: '25' },
)

export const ListRedemptionsQuery = ListQuery({
  user_id: Type.Optional(Id('usr')),
  sku_id: Type.Optional(Id('sku')),
})

/** A user's order. */
export const RedemptionSchema = Type.Object({
  object: Type.Literal('redemption'),
  id: Id('rdm'),
  status: Type.Enum([...REDEMPTION_STATUSES], {
    description:
      'initiated: paid for, not final on the chain · accepted: final, to be fulfilled or cancelled · failed: the payment failed',
  }),
  user_id: Id('usr'),
  sku_id: Id('sku'),
  transaction_id: Id('txn', 'What paid for it.'),
  amount: FiatText,
  currency_iso_code: Type.Enum([...FIAT_CURRENCIES]),
  country_iso_code: Country,
  email: Nullable(Type.String()),
  created_at: Timestamp,
  decided_at: Nullable(Timestamp),
})
