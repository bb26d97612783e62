import { setTimeout as sleep } from 'node:timers/promises'
import { CommandFailed } from './errors.ts'
import type { V3Client } from './v3-client.ts'
import type { WireEconomy } from './wire.ts'

const POLL_MS = 300
const TIMEOUT_MS_DEFAULT = 180_000

/**
 * Waits until an economy is live, telling of each change on the way.
 * @throws CommandFailed when it stops, or takes longer than `timeoutMs`.
 */
export async function waitForEconomy(
  tenant: V3Client,
  economyId: string,
  onProgress: (economy: WireEconomy) => void = () => undefined,
  timeoutMs = TIMEOUT_MS_DEFAULT,
): Promise<WireEconomy> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const economy = await tenant.get<WireEconomy>(`/v3/economies/${economyId}`)
    onProgress(economy)
    if (economy.status === 'active' || economy.status === 'paused') return economy
    if (economy.status === 'failed') {
      throw new CommandFailed(
        `The deployment of ${economy.symbol} has stopped: ${economy.failure_reason ?? 'no reason is known'}. Resume it with: npm run ost -- economy retry ${economyId}`,
      )
    }
    if (performance.now() > deadline) {
      throw new CommandFailed(
        `${economy.symbol} is still ${economy.status} after ${Math.round(timeoutMs / 1_000)} s (${stepsOf(economy)}). It goes on by itself while a worker runs; look with: npm run ost -- economy show ${economyId}`,
      )
    }
    await sleep(POLL_MS)
  }
}

/** The steps of a deployment in one line: `create contracts ✓ · grant initial supply …`. */
export function stepsOf(economy: WireEconomy): string {
  const marks = { pending: '·', running: '…', done: '✓', failed: '✗' }
  return economy.steps
    .map(
      (step) =>
        `${step.name.replaceAll('_', ' ')} ${marks[step.status]}${step.detail ? ` (${step.detail})` : ''}`,
    )
    .join('  ')
}
