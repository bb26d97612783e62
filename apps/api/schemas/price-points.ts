import { Type } from 'typebox'
import { FIAT_CURRENCIES } from '#core/rule/currency.ts'
import { Body, Id, ListQuery, Nullable, Timestamp } from './common.ts'

const Currency = Type.Enum([...FIAT_CURRENCIES])
const Price = Type.String({
  maxLength: 40,
  description: 'What one whole token is worth: a decimal with at most 18 places.',
  examples: ['0.25'],
})

export const CreatePricePointBody = Body(
  {
    currency: Currency,
    price: Price,
    as_of: Type.Optional({ ...Timestamp, description: 'The moment the price is of; now, when left out.' }),
  },
  { currency: 'USD', price: '0.25' },
)

export const ListPricePointsQuery = ListQuery({ currency: Type.Optional(Currency) })

export const PricePointSchema = Type.Object({
  object: Type.Literal('price_point'),
  id: Id('prc'),
  currency: Currency,
  price: Price,
  source: Type.Enum(['admin', 'feed', 'chain']),
  as_of: Timestamp,
  created_at: Timestamp,
  deviates: Type.Boolean({
    description:
      'It jumped from the one before: amounts in this currency are refused until the next one confirms it.',
  }),
  value_price: Nullable(
    Type.String({ description: 'Of the chain: what one whole value token is worth there.' }),
  ),
  usable_until: Nullable({
    ...Timestamp,
    description: 'Of the chain: the last moment at which the chain uses it.',
  }),
  block_number: Nullable(Type.Integer({ description: 'Of the chain: the final block it was read at.' })),
  block_hash: Nullable(Type.String({ description: "Of the chain: that block's hash." })),
})

export const LatestPricePointSchema = Type.Object(
  {
    ...PricePointSchema.properties,
    is_stale: Type.Boolean({
      description: 'Too old: amounts in this currency are refused until a new one comes.',
    }),
  },
  { title: 'LatestPricePoint' },
)
