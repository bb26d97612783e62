import { type Static, Type } from 'typebox'
import { STAKE_STATUSES } from '#core/gateway/message.ts'
import { Address, Body, Id, ListQuery, Nullable, Timestamp, Units } from './common.ts'
import {
  AddressGiven,
  Hash,
  MessageSignature,
  MessageStepOf,
  Transaction,
  TypedDataSchema,
  ValidForSeconds,
} from './messages.ts'

export const CreateStakeBody = Body(
  {
    amount: { ...Units, description: 'Base units of the value token.' },
    staker: {
      ...AddressGiven,
      description: 'Who stakes: an address of your own wallet on the value chain. Its key stays with you.',
    },
    beneficiary: Type.Optional({
      ...AddressGiven,
      description: 'Who the tokens are minted to, on the utility chain. Left out: the company.',
    }),
    bounty: Type.Optional({
      ...Units,
      description: 'Base units of the value token, on top, for whoever finishes the stake. Left out: none.',
    }),
    fee: Type.Optional({
      ...Units,
      description: 'Base units of your token, out of what is minted, for whoever mints. Left out: none.',
    }),
    valid_for_seconds: ValidForSeconds,
  },
  { amount: '10000000000000000000000', staker: '0x8ba1f109551bd432803012645ac136ddd64dba72' },
)
export type CreateStakeBody = Static<typeof CreateStakeBody>

export const GrantValueBody = Body(
  {
    address: { ...AddressGiven, description: 'Who is given: any address on the value chain.' },
    amount: Type.Optional({
      ...Units,
      description: 'Base units of the value token. Left out: 10,000 whole tokens, the most.',
    }),
  },
  { address: '0x8ba1f109551bd432803012645ac136ddd64dba72' },
)

export const ValueGrantSchema = Type.Object({
  object: Type.Literal('value_grant'),
  id: Id('sub'),
  economy_id: Id('eco'),
  value_chain_id: Type.Integer({ description: 'Where the address is given.' }),
  value_token: Address,
  address: Address,
  amount: Units,
  gas_wei: { ...Units, description: "Of the value chain's own coin, which comes with it." },
  status: Type.Literal('queued'),
  created_at: Timestamp,
})

/** Exactly one of the two ways to go on. */
export const SubmitStakeBody = Type.Object(
  {
    signature: Type.Optional({
      ...MessageSignature,
      description: 'Of `typed_data`, by the staker. A facilitator brings it and pays the gas.',
    }),
    transaction_hash: Type.Optional({
      ...Hash,
      description: 'Of the stake that you sent yourself: a hint where to look sooner.',
    }),
  },
  {
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 1,
    examples: [{ transaction_hash: `0x${'1f'.repeat(32)}` }],
  },
)
export type SubmitStakeBody = Static<typeof SubmitStakeBody>

export const ListStakesQuery = ListQuery({})

/** A stake and how far it is. */
export const StakeSchema = Type.Object({
  object: Type.Literal('stake'),
  id: Id('stk'),
  status: Type.Enum([...STAKE_STATUSES], {
    description:
      'awaiting_signature: the staker has not signed · signed: it is on its way to the gateway · declared: locked on the value chain · confirmed: proven on the utility chain · progressed: minted · completed: finished on both · revoking, revoked: taken back, by the staker, or because it was overdue (a week past its deadline and not minted) · expired: not declared in time',
  }),
  staker: Address,
  beneficiary: Address,
  amount: { ...Units, description: 'Base units of the value token.' },
  bounty: Units,
  fee: { ...Units, description: 'Base units of your token.' },
  mints: { ...Units, description: 'Base units of your token that the beneficiary gets.' },
  value_chain_id: Type.Integer({ examples: [31_001] }),
  value_token: Address,
  gateway: Address,
  message_hash: { ...Hash, description: 'Names the stake on both chains.' },
  hash_lock: Hash,
  deadline: {
    ...Timestamp,
    description:
      'Until then it may be declared. A week later, if it is not finished, it goes back by itself.',
  },
  typed_data: {
    ...TypedDataSchema,
    description:
      'What the staker signs for a facilitator to bring the stake: EIP-712, as wallets take it (`eth_signTypedData_v4`). One signature, no gas.',
  },
  transactions: Type.Object(
    { approve: Transaction, stake: Transaction, approve_penalty: Transaction, revoke: Transaction },
    {
      description:
        'What a staker sends who would rather send transactions: `approve`, then `stake`. To take a stake back that is not minted yet: `approve_penalty`, then `revoke`; it costs 150 % of the bounty, or nothing once it is overdue.',
    },
  ),
  problem: Nullable(Type.String({ description: 'Why it does not go on. It is tried again.' })),
  steps: Type.Array(
    MessageStepOf(
      ['stake', 'confirm', 'mint', 'release'],
      'stake: locked on the value chain · confirm: proven on the utility chain · mint · release: counted as backing on the value chain',
    ),
  ),
  created_at: Timestamp,
  updated_at: Timestamp,
  ended_at: Nullable(Timestamp),
})

const Place = Type.Object({
  chain_id: Type.Integer({ examples: [31_001] }),
  number: Type.Integer({ minimum: 0 }),
  hash: Hash,
})

/** What backs a token, to be verified by anybody. */
export const BackingSchema = Type.Object({
  object: Type.Literal('backing'),
  economy_id: Id('eco'),
  rate: Type.String({ description: 'Whole tokens for one whole value token.', examples: ['100'] }),
  terms_id: { ...Hash, description: 'Names the economy at both gateways.' },
  value_token: Address,
  value_token_decimals: Type.Integer(),
  token: Address,
  token_decimals: Type.Integer(),
  gateway: Address,
  co_gateway: Address,
  observed: Nullable(
    Type.Object(
      {
        staked: { ...Units, description: 'Base units of the value token that back the supply.' },
        in_flight: {
          ...Units,
          description: 'Base units of the value token of stakes on their way.',
        },
        in_flight_minted: { ...Units, description: 'Part of `in_flight` whose tokens are minted already.' },
        supply: { ...Units, description: 'Base units of the token.' },
        redeeming: { ...Units, description: 'Part of `supply` in escrow, of redemptions on their way.' },
        redeeming_paid: {
          ...Units,
          description: 'Part of `redeeming` that the vault has paid for already: it only waits to be burned.',
        },
        required: {
          ...Units,
          description:
            'Base units of the value token that `supply` without `redeeming_paid` is worth at the rate, rounded up.',
        },
        ratio: Nullable(
          Type.String({
            description:
              '`staked` and `in_flight_minted`, as a fraction of what is required, rounded down. Null: nothing is in existence.',
            examples: ['1.000000'],
          }),
        ),
        value_block: Place,
        utility_block: Place,
        at: Timestamp,
      },
      {
        description:
          'By the ledger’s accounts, as of final blocks of both chains, which name where to read the same. Null until they were first read.',
      },
    ),
  ),
})
