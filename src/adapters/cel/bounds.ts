import type { ASTNode } from '@marcbachmann/cel-js'
import { parseTokens, parseUnits } from './amount.ts'
import { TYPE_VARIABLE } from './context.ts'
import { nearest } from './explain.ts'
import { isTimeZone, localAccessor } from './local-time.ts'

/** Something the language knows and a rule may not, or cannot, use. */
export class Refused extends Error {
  readonly offset: number

  constructor(message: string, node: ASTNode) {
    super(message)
    this.offset = node.start
  }
}

/**
 * What rules may call. Left out on purpose: `matches` (a regular expression can take exponential time) and `cel.bind`
 * (doubling a value 50 times fills the memory).
 */
const FUNCTIONS = new Set(
  [
    'tokens units size int double string bool timestamp duration dyn has',
    'startsWith endsWith contains lowerAscii upperAscii trim indexOf lastIndexOf substring split join',
    'getFullYear getMonth getDate getDayOfMonth getDayOfWeek getDayOfYear',
    'getHours getMinutes getSeconds getMilliseconds',
  ].flatMap((names) => names.split(' ')),
)
const LOOPS = new Set(['all', 'exists', 'exists_one', 'map', 'filter'])
/** Steps one evaluation may take; about 0.1 ms. A loop counts its body once per element. */
const STEPS_MAX = 1_000
/** Elements a loop is taken to have where the list is no literal: metadata has at most so many keys. */
const LOOP_ELEMENTS = 50

/** What was learned on the walk. */
export interface Bounds {
  usesWindow: boolean
}

/**
 * Walks a parsed expression and refuses what a rule must not do: unknown functions, loops inside loops, more steps than the
 * bound, amounts and time zones that cannot be read. Points `type` and the
 * accessors with a time zone at our own declarations.
 * @throws Refused
 */
export function checkBounds(root: ASTNode, tokenDecimals: number): Bounds {
  const walk: Walk = { tokenDecimals, usesWindow: false }
  const steps = stepsOf(root, walk, false)
  if (steps > STEPS_MAX) {
    throw new Refused(
      `takes up to ${steps} steps; a rule may take ${STEPS_MAX}. Shorten it or split it into two rules`,
      root,
    )
  }
  return { usesWindow: walk.usesWindow }
}

interface Walk {
  tokenDecimals: number
  usesWindow: boolean
}

/** Most steps that evaluating the node may take. */
function stepsOf(node: ASTNode, walk: Walk, inLoop: boolean): number {
  switch (node.op) {
    case 'value':
      return 1
    case 'id':
      if (node.args === 'window') walk.usesWindow = true
      if (node.args === 'type') Object.assign(node, { args: TYPE_VARIABLE })
      return 1
    case '.':
    case '.?':
      return 1 + stepsOf(node.args[0], walk, inLoop)
    case '!_':
    case '-_':
      return 1 + stepsOf(node.args, walk, inLoop)
    case 'list':
      return 1 + sumOf(node.args, walk, inLoop)
    case 'map':
      return 1 + sumOf(node.args.flat(), walk, inLoop)
    case 'call':
      return callSteps(node, node.args[0], node.args[1], walk, inLoop)
    case 'rcall': {
      const [name, receiver, args] = node.args
      if (LOOPS.has(name)) return loopSteps(node, receiver, args, walk, inLoop)
      const own = args.length === 1 ? localAccessor(name) : undefined
      const steps = callSteps(node, name, [receiver, ...args], walk, inLoop)
      if (own) useLocalAccessor(node, own, args)
      return steps
    }
    case '[]':
    case '[?]':
    case '?:':
    case '||':
    case '&&':
    case '==':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=':
    case 'in':
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return 1 + sumOf(node.args, walk, inLoop)
  }
}

function sumOf(nodes: readonly ASTNode[], walk: Walk, inLoop: boolean): number {
  return nodes.reduce((sum, node) => sum + stepsOf(node, walk, inLoop), 0)
}

function callSteps(
  node: ASTNode,
  name: string,
  args: readonly ASTNode[],
  walk: Walk,
  inLoop: boolean,
): number {
  if (!FUNCTIONS.has(name)) {
    const closest = nearest(name, [...FUNCTIONS, ...LOOPS])
    throw new Refused(
      `${name}() is not available in rules${closest ? `; did you mean ${closest}()?` : ''}`,
      node,
    )
  }
  const literal = args[0]?.op === 'value' && typeof args[0].args === 'string' ? args[0].args : undefined
  if (literal !== undefined && node.op === 'call') checkLiteral(node, name, literal, walk.tokenDecimals)
  return 1 + sumOf(args, walk, inLoop)
}

function checkLiteral(node: ASTNode, name: string, text: string, tokenDecimals: number): void {
  try {
    if (name === 'tokens') parseTokens(text, tokenDecimals)
    if (name === 'units') parseUnits(text)
  } catch (error) {
    throw new Refused(error instanceof Error ? error.message : `${name}("${text}") cannot be read`, node)
  }
}

function loopSteps(
  node: ASTNode,
  list: ASTNode,
  args: readonly ASTNode[],
  walk: Walk,
  inLoop: boolean,
): number {
  if (inLoop)
    throw new Refused('has a loop inside a loop, or after one; a rule may go through a list once', node)
  const elements = list.op === 'list' ? list.args.length : LOOP_ELEMENTS
  return 1 + stepsOf(list, walk, true) + elements * sumOf(args, walk, true)
}

function useLocalAccessor(node: ASTNode & { op: 'rcall' }, own: string, args: readonly ASTNode[]): void {
  const zone = args[0]?.op === 'value' ? args[0].args : undefined
  if (typeof zone === 'string' && !isTimeZone(zone)) {
    throw new Refused(`"${zone}" is not a time zone; write one such as "Europe/Berlin"`, node)
  }
  node.args[0] = own
}
