import type { FastifyRequest } from 'fastify'
import { createFindTokenDomains } from '#adapters/postgres/device-credential.ts'
import type { ChainHead } from '#core/chain/chain-reader.ts'
import { readToken, type Token } from '#core/economy/read-token.ts'
import type { Environment } from '#core/tenant/tenant.ts'
import { tokenRulesAbi } from '#adapters/evm/rule-abi.ts'
import type { AppDeps } from '../../deps.ts'
import { ownerOf } from '../../plugins/owner.ts'
import { integerInPath, optionalText, wrong } from './parameters.ts'
import { BASE_TOKEN, presentChain, presentPricePoint, presentToken, seconds } from './present.ts'
import type { OstRouter } from './router.ts'

/** Characters of a domain name. */
const DOMAIN_MAX = 253
/** Rules are numbered within their token. */
const RULES_PER_TOKEN = 2

/** The economy's token: what it is, what rules move it, and what the chains know. */
export function tokenRoutes(router: OstRouter, deps: AppDeps, environment: Environment): void {
  router.read('/tokens', 'token:read', async (request) => {
    const { tenantId, economyId } = ownerOf(request)
    const [token, chains, economy] = await Promise.all([
      tokenOf(deps, request),
      deps.chainReader(),
      deps.unitOfWork(tenantId, (tx) => tx.economies.find(economyId)),
    ])
    const valueChain = chains.find(({ role }) => role === 'value')
    return {
      result_type: 'token',
      token: presentToken(token, valueChain?.id ?? null, economy?.updatedAt ?? new Date(0)),
    }
  })

  router.read('/rules', 'token:read', async (request) => {
    const token = await tokenOf(deps, request)
    const { tenantId, economyId } = ownerOf(request)
    const economy = await deps.unitOfWork(tenantId, (tx) => tx.economies.find(economyId))
    const shared = {
      token_id: token.number,
      address: token.rulesAddress,
      updated_timestamp: seconds(economy?.updatedAt ?? new Date(0)),
    }
    // Both are carried out by the economy's rule contract. Prices are the platform's: no contract of its own converts them.
    const rules = [
      { id: token.number * RULES_PER_TOKEN, name: 'Pricer', abi: [], ...shared },
      { id: token.number * RULES_PER_TOKEN + 1, name: 'Direct Transfer', abi: tokenRulesAbi, ...shared },
    ]
    return { result_type: 'rules', rules }
  })

  router.read('/chains/:chain_id', 'token:read', async (request) => {
    return { result_type: 'chain', chain: presentChain(await chainInPath(deps, request)) }
  })

  router.read('/chains/:chain_id/price-points', 'token:read', async (request) => {
    const chain = await chainInPath(deps, request)
    const token = await tokenOf(deps, request)
    if (chain.id !== token.chainId)
      throw wrong('chain_id', 'has no price points: only the auxiliary chain has')
    return { result_type: 'price_point', price_point: presentPricePoint(token) }
  })

  router.read('/base-tokens', 'token:read', async () => {
    const valueChain = (await deps.chainReader()).find(({ role }) => role === 'value')
    const address = valueChain?.contracts['value_token']
    const base = {
      name: BASE_TOKEN,
      decimals: 18,
      origin_chain_erc20token_contract_address: typeof address === 'string' ? address : null,
    }
    return { result_type: 'base_tokens', base_tokens: { [BASE_TOKEN]: base } }
  })

  const findDomains = createFindTokenDomains(deps.database)
  router.open('/tokens/:token_id/validate-domain', async (request) => {
    const number = integerInPath(request, 'token_id')
    const domain = optionalText(request, 'domain')?.toLowerCase()
    const allowed = number <= 2 ** 31 - 1 ? ((await findDomains(number, environment)) ?? '') : ''
    const isAllowed =
      domain !== undefined &&
      domain.length <= DOMAIN_MAX &&
      allowed
        .toLowerCase()
        .split(/[\s,]+/)
        .includes(domain)
    if (!isAllowed) throw wrong('domain', 'may not use the browser wallet of this token')
    return {}
  })
}

/** The token of the economy that a request is about. */
export function tokenOf(deps: AppDeps, request: FastifyRequest): Promise<Token> {
  return readToken(deps, ownerOf(request))
}

async function chainInPath(deps: AppDeps, request: FastifyRequest): Promise<ChainHead> {
  const id = integerInPath(request, 'chain_id')
  const chain = (await deps.chainReader()).find((one) => one.id === id)
  if (!chain) throw wrong('chain_id', 'is no chain of this platform')
  return chain
}
