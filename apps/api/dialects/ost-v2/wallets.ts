import type { FastifyRequest } from 'fastify'
import { WalletMissing } from '#core/device/errors.ts'
import type { AppDeps } from '../../deps.ts'
import { valuesOf } from '../dialect.ts'
import { isAddress, requiredAddress, textList, wrong } from './parameters.ts'
import type { OstRouter } from './router.ts'
import { findUser } from './users.ts'

/** Sessions that one activation may open. */
const SESSIONS_MAX = 5
const ZERO_ADDRESS = `0x${'0'.repeat(40)}`
const SIGNATURE = /^0x(?:[0-9a-f]{130})+$/i
const WHOLE = /^\d{1,78}$/

/**
 * What a user's device asks of the wallet's contracts. There are none yet: the request is believed or not, its parameters are
 * checked, and then it is refused. Nothing is written.
 */
export function walletRoutes(router: OstRouter, deps: AppDeps): void {
  const refuse = (
    path: string,
    check: (request: FastifyRequest) => void = () => {},
    method: 'GET' | 'POST' = 'POST',
  ) =>
    router.wallet(method, path, async (request) => {
      await findUser(deps, request)
      check(request)
      throw new WalletMissing()
    })
  refuse('/users/:user_id/token-holder', undefined, 'GET')
  refuse('/users/:user_id/salts', undefined, 'GET')
  refuse('/users/:user_id/activate-user', checkActivation)
  for (const path of [
    'devices/authorize',
    'devices/revoke',
    'sessions/authorize',
    'sessions/revoke',
    'token-holder/logout',
  ])
    refuse(`/users/:user_id/${path}`, checkOrder)
  for (const path of ['devices/initiate-recovery', 'devices/abort-recovery'])
    refuse(`/users/:user_id/${path}`, checkRecovery)
  refuse('/users/:user_id/recovery-owners', (request) => {
    requiredAddress(request, 'new_recovery_owner_address')
    checkSigned(request)
  })
}

function checkActivation(request: FastifyRequest): void {
  requiredAddress(request, 'device_address')
  requiredAddress(request, 'recovery_owner_address')
  const sessions = textList(request, 'session_addresses', SESSIONS_MAX) ?? []
  if (!sessions.every(isAddress)) throw wrong('session_addresses', 'must hold addresses')
  requiredText(request, 'expiration_height', WHOLE)
  requiredText(request, 'spending_limit', WHOLE)
}

/** An order that a wallet's owners sign together. */
function checkOrder(request: FastifyRequest): void {
  requiredAddress(request, 'to')
  for (const name of ['value', 'operation', 'safe_tx_gas', 'data_gas', 'gas_price'])
    if (valuesOf(request)[name] !== '0') throw wrong(name, 'must be 0')
  requiredText(request, 'calldata', /^0x(?:[0-9a-f]{2})+$/i)
  requiredText(request, 'raw_calldata', /^\{.{1,10000}\}$/s)
  for (const name of ['gas_token', 'refund_receiver'])
    if (valuesOf(request)[name] !== ZERO_ADDRESS) throw wrong(name, 'must be the zero address')
  requiredText(request, 'signatures', SIGNATURE)
  const signers = textList(request, 'signers', SESSIONS_MAX)
  if (!signers?.every(isAddress)) throw wrong('signers', 'must hold addresses')
  requiredText(request, 'nonce', WHOLE)
}

function checkRecovery(request: FastifyRequest): void {
  for (const name of ['old_linked_address', 'old_device_address', 'new_device_address'])
    requiredAddress(request, name)
  if (requiredAddress(request, 'old_device_address') === requiredAddress(request, 'new_device_address'))
    throw wrong('new_device_address', 'must be another device')
  checkSigned(request)
}

function checkSigned(request: FastifyRequest): void {
  requiredText(request, 'signature', SIGNATURE)
  requiredAddress(request, 'signer')
  requiredAddress(request, 'to')
}

function requiredText(request: FastifyRequest, name: string, pattern: RegExp): void {
  const value = valuesOf(request)[name]
  if (typeof value !== 'string' || !pattern.test(value)) throw wrong(name, 'is missing or malformed')
}
