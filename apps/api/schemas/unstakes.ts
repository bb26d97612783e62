import { type Static, Type } from 'typebox'
import { MESSAGE_STATUSES } from '#core/gateway/message.ts'
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

const NOBODY = '0x0000000000000000000000000000000000000000'

export const CreateUnstakeBody = Body(
  {
    amount: Units,
    redeemer: {
      ...AddressGiven,
      description:
        'Who redeems: an address of a wallet of your own, or of a user, on the utility chain. Its key stays there.',
    },
    beneficiary: Type.String({
      pattern: `^(?!${NOBODY}$)0x[0-9a-fA-F]{40}$`,
      description:
        'Who the value tokens are paid to, on the value chain. Never a guess: what is paid is gone.',
      examples: ['0x8ba1f109551bd432803012645ac136ddd64dba72'],
    }),
    bounty: Type.Optional({
      ...Units,
      description: 'Base units of your token, on top, for whoever finishes the redemption. Left out: none.',
    }),
    fee: Type.Optional({
      ...Units,
      description: 'Base units of the value token, out of what is paid, for whoever pays. Left out: none.',
    }),
    permit_nonce: Type.Optional({
      ...Units,
      description:
        'How many permits of your token the redeemer has used: `nonces(redeemer)` of the token. Left out: none so far.',
    }),
    valid_for_seconds: ValidForSeconds,
  },
  {
    amount: '1000000000000000000000',
    redeemer: '0x8ba1f109551bd432803012645ac136ddd64dba72',
    beneficiary: '0x8ba1f109551bd432803012645ac136ddd64dba72',
  },
)
export type CreateUnstakeBody = Static<typeof CreateUnstakeBody>

const CONSENT_LENGTH_MAX = 4_000

const Consent = Type.Object(
  {
    text: Type.String({
      minLength: 1,
      maxLength: CONSENT_LENGTH_MAX,
      description:
        'What the user agreed to, exactly as they were shown it: amount, beneficiary, and that it is for good.',
    }),
    given_at: { ...Timestamp, description: 'When they agreed.' },
  },
  {
    additionalProperties: false,
    description: 'Required for a user’s wallet, and kept for good. Left out for the company’s.',
  },
)

export const UnstakeManagedBody = Body(
  {
    amount: CreateUnstakeBody.properties.amount,
    beneficiary: CreateUnstakeBody.properties.beneficiary,
    bounty: CreateUnstakeBody.properties.bounty,
    fee: CreateUnstakeBody.properties.fee,
    consent: Type.Optional(Consent),
  },
  {
    amount: '100',
    beneficiary: '0x8ba1f109551bd432803012645ac136ddd64dba72',
    consent: {
      text: 'I give back 100 tokens for good. Their value goes to 0x8ba1f109551bd432803012645ac136ddd64dba72.',
      given_at: '2026-11-20T09:30:00.000Z',
    },
  },
)

/** Signatures, or the transaction that was sent instead; the route refuses what is neither or both. */
export const SubmitUnstakeBody = Type.Object(
  {
    signature: Type.Optional({
      ...MessageSignature,
      description: 'Of `typed_data`, by the redeemer. A facilitator brings it and pays the gas.',
    }),
    permit_signature: Type.Optional({
      ...MessageSignature,
      description: 'Of `permit_typed_data`, by the redeemer. Not needed where the gateway has an allowance.',
    }),
    transaction_hash: Type.Optional({
      ...Hash,
      description: 'Of the redemption that you sent yourself: a hint where to look sooner.',
    }),
  },
  {
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 2,
    examples: [{ transaction_hash: `0x${'1f'.repeat(32)}` }],
  },
)
export type SubmitUnstakeBody = Static<typeof SubmitUnstakeBody>

export const ListUnstakesQuery = ListQuery({})

/** An unstake and how far it is. */
export const UnstakeSchema = Type.Object({
  object: Type.Literal('unstake'),
  id: Id('ust'),
  status: Type.Enum([...MESSAGE_STATUSES], {
    description:
      'awaiting_signature: the redeemer has not signed · awaiting_tokens: those of a managed wallet are on their way to the redeemer · signed: it is on its way to the gateway · declared: in escrow on the utility chain · confirmed: proven on the value chain · progressed: paid out · completed: burned as well · revoking, revoked: taken back, by the redeemer, or because it was overdue (a week past its deadline and not paid out) · expired: not declared in time · failed: the tokens of a managed wallet did not move, and are free again',
  }),
  redeemer: Address,
  user_id: Nullable(Id('usr', 'Whose managed wallet it is of. Null: the redeemer has its own key.')),
  transaction_id: Nullable(Id('txn', 'Brings the tokens of a managed wallet to the redeemer.')),
  consent: Nullable(
    Type.Object(
      { text: Type.String(), text_hash: Hash, given_at: Timestamp },
      { description: 'What the user agreed to. Null: it is the redeemer’s own, or the company’s.' },
    ),
  ),
  beneficiary: Address,
  amount: Units,
  bounty: Units,
  fee: { ...Units, description: 'Base units of the value token.' },
  pays: { ...Units, description: 'Base units of the value token that the beneficiary gets.' },
  utility_chain_id: Type.Integer({ examples: [31_002] }),
  token: Address,
  co_gateway: Address,
  value_chain_id: Type.Integer({ examples: [31_001] }),
  value_token: Address,
  message_hash: { ...Hash, description: 'Names the redemption on both chains.' },
  hash_lock: Hash,
  deadline: {
    ...Timestamp,
    description:
      'Until then it may be declared. A week later, if it is not finished, it goes back by itself.',
  },
  typed_data: Nullable({
    ...TypedDataSchema,
    description:
      'What the redeemer signs for a facilitator to bring the redemption: EIP-712, as wallets take it (`eth_signTypedData_v4`). Null: of a managed wallet.',
  }),
  permit_typed_data: Nullable({
    ...TypedDataSchema,
    description:
      'What the redeemer signs for the gateway to take amount and bounty (ERC-2612). Not needed where it has an allowance. Null: of a managed wallet.',
  }),
  transactions: Nullable(
    Type.Object(
      { approve: Transaction, redeem: Transaction, approve_penalty: Transaction, revoke: Transaction },
      {
        description:
          'What a redeemer sends who would rather send transactions: `approve`, then `redeem`; a token holder’s owner wraps each in `execute`. To take a redemption back that is not paid yet: `approve_penalty`, then `revoke`; it costs 150 % of the bounty, or nothing once it is overdue. Null: of a managed wallet.',
      },
    ),
  ),
  problem: Nullable(Type.String({ description: 'Why it does not go on. It is tried again.' })),
  steps: Type.Array(
    MessageStepOf(
      ['redeem', 'confirm', 'unstake', 'burn'],
      'redeem: in escrow on the utility chain · confirm: proven on the value chain · unstake: paid out there · burn: gone from the supply',
    ),
  ),
  created_at: Timestamp,
  updated_at: Timestamp,
  ended_at: Nullable(Timestamp),
})
