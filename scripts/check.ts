/** `npm run check`: what a change must pass before it is worth a full test run. Takes seconds, starts no server. */
import { FORMAT, LINT, runChecks, SDK_CURRENT, showTool, TYPES } from './stack/checks.ts'
import { createProgress } from './stack/progress.ts'

const progress = createProgress()
const failed = await runChecks(progress, [FORMAT, LINT, TYPES, SDK_CURRENT])
const unitPassed = await showTool({ command: 'vitest', args: ['run', '--project', 'unit'] }, {})
if (!unitPassed) failed.push('unit tests')
progress.line(failed.length === 0 ? 'All checks passed.' : `Failed: ${failed.join(', ')}.`)
process.exit(failed.length === 0 ? 0 : 1)
