import { parseArgs } from 'node:util'

export interface BenchOptions {
  /** Names of rows; undefined: all. */
  only: readonly string[] | undefined
  isQuick: boolean
  isProfiling: boolean
  /** Only writes what earlier runs have found into docs/performance.md. */
  isWritingDocs: boolean
  isHelp: boolean
}

export const USAGE = `npm run bench [-- options]

  --only settle,accept   These rows and no others; more can be named than the table has: scale, stages
  --quick                Shorter growth, lists and memory, for development; their rows are marked
  --docs                 Write what the last runs found into docs/performance.md, and nothing else
  --profile              Leave CPU profiles of api and worker and the slowest SQL with its plan in .local/profiles
`

/** @throws TypeError naming what is not known. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      docs: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const only = values.only
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  return {
    only,
    isQuick: values.quick,
    isProfiling: values.profile,
    isWritingDocs: values.docs,
    isHelp: values.help,
  }
}
