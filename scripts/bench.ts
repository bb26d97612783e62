/** `npm run bench`: the platform beside its limits, every figure a ratio inside one run on this machine. */
import { runBench } from '#test/bench/bench.ts'
import type { Bed } from '#test/bench/bed.ts'
import { parseOptions, USAGE } from '#test/bench/options.ts'
import { REPORT_FILE, tableOf } from '#test/bench/report.ts'
import { writeDocs } from '#test/bench/write-docs.ts'
import { createProgress } from './stack/progress.ts'
import { onStopRequest } from './stack/stop-request.ts'

const progress = createProgress()
let bed: Bed | undefined

onStopRequest(async () => {
  await bed?.stop()
  process.exit(130)
})

process.exit(await main())

async function main(): Promise<number> {
  try {
    const options = parseOptions(process.argv.slice(2))
    if (options.isHelp) {
      progress.line(USAGE)
      return 0
    }
    if (options.isWritingDocs) {
      progress.line(`docs/performance.md: ${(await writeDocs()).join(', ')}`)
      return 0
    }
    const startedAt = performance.now()
    const rows = await runBench(options, progress, (started) => {
      bed = started
    })
    progress.line(`\n${tableOf(rows)}\n`)
    const failed = rows.filter((row) => !row.pass).map((row) => row.name)
    const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1)
    progress.line(`${minutes} minutes. In full: ${REPORT_FILE}`)
    if (failed.length > 0) progress.line(`Below the goal: ${failed.join(', ')}.`)
    return failed.length === 0 ? 0 : 1
  } catch (error) {
    progress.line(error instanceof Error ? error.message : String(error))
    return 1
  }
}
