import type { FastifyRequest } from 'fastify'
import { archiveTokenRule } from '#core/rule/archive-token-rule.ts'
import { createTokenRule } from '#core/rule/create-token-rule.ts'
import { dryRunTokenRule } from '#core/rule/dry-run-token-rule.ts'
import { TokenRuleNotFound } from '#core/rule/errors.ts'
import { getTokenRule } from '#core/rule/get-token-rule.ts'
import { listTokenRules } from '#core/rule/list-token-rules.ts'
import type { TokenRuleVersion } from '#core/rule/token-rule.ts'
import { listTokenRuleVersions } from '#core/rule/list-token-rule-versions.ts'
import { updateTokenRule } from '#core/rule/update-token-rule.ts'
import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { actorOf } from '../plugins/authenticate.ts'
import { once } from '../plugins/idempotency.ts'
import { ownerOf } from '../plugins/owner.ts'
import { pageOf, toList } from '../plugins/pagination.ts'
import { problems } from '../plugins/problem.ts'
import { presentDryRun, presentTokenRule, presentTokenRuleVersion } from '../presenters/token-rules.ts'
import { idFromBody, idFromPath } from '../presenters/wire-id.ts'
import { IdParams, ListOf } from '../schemas/common.ts'
import {
  CreateTokenRuleBody,
  DryRunTokenRuleBody,
  DryRunTokenRuleSchema,
  ListTokenRulesQuery,
  ListTokenRuleVersionsQuery,
  TokenRuleSchema,
  TokenRuleVersionSchema,
  UpdateTokenRuleBody,
} from '../schemas/token-rules.ts'

const tags = ['Token rules']
const reads = { plane: 'data', scope: 'rules:read' } as const
const writes = { plane: 'data', scope: 'rules:write' } as const

/** Policies in CEL that every transaction must pass. */
export async function tokenRuleRoutes(app: App, deps: AppDeps): Promise<void> {
  app.post(
    '/token-rules',
    {
      config: writes,
      schema: {
        operationId: 'createTokenRule',
        summary: 'Create a token rule',
        description: 'Asked for every transaction accepted from now on. Try it with a dry run first.',
        tags,
        body: CreateTokenRuleBody,
        response: {
          201: TokenRuleSchema,
          ...problems(
            'invalid_expression',
            'transaction_type_not_found',
            'token_rule_name_taken',
            'limit_reached',
          ),
        },
      },
    },
    async (request, reply) =>
      once(deps, request, reply, async (unitOfWork) => {
        const { type_id, ...rest } = request.body
        const { economyId } = ownerOf(request)
        const command = { actor: actorOf(request), economyId, ...rest, typeId: typeIdOf(type_id) }
        return {
          status: 201,
          body: presentTokenRule(await createTokenRule({ ...deps, unitOfWork }, command)),
        }
      }),
  )

  app.post(
    '/token-rules/dry-run',
    {
      config: { ...writes, idempotency: 'none' },
      schema: {
        operationId: 'dryRunTokenRule',
        summary: 'Try an expression on past transactions',
        description:
          'Changes nothing. Users are seen as they are today; windows are recomputed: whole clock hours before each transaction from what was accepted then, its own hour from the transactions looked at.',
        tags,
        body: DryRunTokenRuleBody,
        response: {
          200: DryRunTokenRuleSchema,
          ...problems('invalid_expression', 'transaction_type_not_found'),
        },
      },
    },
    async (request) => {
      const { expression, type_id, from, to, limit } = request.body
      const query = {
        ...ownerOf(request),
        expression,
        typeId: typeIdOf(type_id),
        from: from === undefined ? null : new Date(from),
        to: to === undefined ? null : new Date(to),
        limit,
      }
      return presentDryRun(await dryRunTokenRule(deps, query))
    },
  )

  app.get(
    '/token-rules',
    {
      config: reads,
      schema: {
        operationId: 'listTokenRules',
        summary: 'List token rules',
        tags,
        querystring: ListTokenRulesQuery,
        response: { 200: ListOf(TokenRuleSchema), ...problems('invalid_cursor') },
      },
    },
    async (request) => {
      const { status, type_id, name } = request.query
      const filter = {
        ...(status && { status }),
        ...(type_id !== undefined && { typeId: idFromBody('typ', type_id, '?type_id') }),
        ...(name !== undefined && { name }),
      }
      const page = await listTokenRules(deps, { ...ownerOf(request), page: pageOf(request), filter })
      return toList(request, page, presentTokenRule)
    },
  )

  app.get(
    '/token-rules/:id',
    {
      config: reads,
      schema: {
        operationId: 'getTokenRule',
        summary: 'Get a token rule',
        tags,
        params: IdParams('rul'),
        response: { 200: TokenRuleSchema, ...problems('token_rule_not_found') },
      },
    },
    async (request) => {
      const query = { ...ownerOf(request), ruleId: ruleIdOf(request.params) }
      return presentTokenRule(await getTokenRule(deps, query))
    },
  )

  app.get(
    '/token-rules/:id/versions',
    {
      config: reads,
      schema: {
        operationId: 'listTokenRuleVersions',
        summary: 'List what a token rule said, version by version',
        tags,
        params: IdParams('rul'),
        querystring: ListTokenRuleVersionsQuery,
        response: {
          200: ListOf(TokenRuleVersionSchema),
          ...problems('token_rule_not_found', 'invalid_cursor'),
        },
      },
    },
    async (request) => {
      const ruleId = ruleIdOf(request.params)
      const query = { ...ownerOf(request), ruleId, page: pageOf(request) }
      const page = await listTokenRuleVersions(deps, query)
      const present = (version: TokenRuleVersion) => presentTokenRuleVersion(ruleId, version)
      return toList(request, page, present, ({ version }) => version.toString())
    },
  )

  app.patch(
    '/token-rules/:id',
    {
      config: writes,
      schema: {
        operationId: 'updateTokenRule',
        summary: 'Update a token rule',
        description:
          'Absent fields stay. A change of what it says or where it applies makes a new version; the old ones stay readable.',
        tags,
        params: IdParams('rul'),
        body: UpdateTokenRuleBody,
        response: {
          200: TokenRuleSchema,
          ...problems(
            'invalid_expression',
            'token_rule_not_found',
            'token_rule_archived',
            'transaction_type_not_found',
            'token_rule_name_taken',
          ),
        },
      },
    },
    async (request) => {
      const { type_id, ...rest } = request.body
      const change = { ...rest, ...(type_id !== undefined && { typeId: typeIdOf(type_id) }) }
      const command = { ...targetOf(request, request.params), change }
      return presentTokenRule(await updateTokenRule(deps, command))
    },
  )

  app.post(
    '/token-rules/:id/archive',
    {
      config: writes,
      schema: {
        operationId: 'archiveTokenRule',
        summary: 'Take a token rule out of force',
        description: 'Repeating changes nothing.',
        tags,
        params: IdParams('rul'),
        response: { 200: TokenRuleSchema, ...problems('token_rule_not_found') },
      },
    },
    async (request, reply) =>
      once(deps, request, reply, async (unitOfWork) => {
        const rule = await archiveTokenRule({ ...deps, unitOfWork }, targetOf(request, request.params))
        return { status: 200, body: presentTokenRule(rule) }
      }),
  )
}

function ruleIdOf({ id }: { id: string }): string {
  return idFromPath('rul', id, () => new TokenRuleNotFound())
}

function typeIdOf(id: string | null | undefined): string | null {
  return id === null || id === undefined ? null : idFromBody('typ', id, '/type_id')
}

function targetOf(request: FastifyRequest, params: { id: string }) {
  return { actor: actorOf(request), economyId: ownerOf(request).economyId, ruleId: ruleIdOf(params) }
}
