/**
 * Ends the stack's processes when the process that started them is gone without having stopped them (SIGKILL, crash).
 * It reads `+pid signal` and `-pid` lines; the pipe closes when its parent dies, whatever killed it.
 */
import { createInterface } from 'node:readline'

const KILL_AFTER_MS = 10_000
const POLL_MS = 100

/** @type {Map<number, NodeJS.Signals>} */
const processes = new Map()

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined)

const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => {
  const [pid = '', signal = 'SIGTERM'] = line.slice(1).split(' ')
  if (line.startsWith('+')) processes.set(Number(pid), /** @type {NodeJS.Signals} */ (signal))
  if (line.startsWith('-')) processes.delete(Number(pid))
})
lines.on('close', () => void endAll())

async function endAll() {
  for (const [pid, signal] of processes) send(pid, signal)
  const deadline = Date.now() + KILL_AFTER_MS
  while (Date.now() < deadline && [...processes.keys()].some((pid) => send(pid, 0))) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  for (const pid of processes.keys()) send(pid, 'SIGKILL')
  process.exit(0)
}

/** @param {number} pid @param {NodeJS.Signals | 0} signal */
function send(pid, signal) {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}
