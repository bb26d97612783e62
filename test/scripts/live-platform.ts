import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pickFreePorts } from '#scripts/stack/ports.ts'
import { Processes } from '#scripts/stack/processes.ts'
import { appOf } from '#test/e2e/platform.ts'
import { aBed, type Bed } from '#test/worker/live-economy.ts'

/** The whole platform as `npm start` runs it, with a fast chain: an API process, a worker, and everything below. */
export interface LivePlatform {
  apiUrl: string
  operatorKey: string
  rpcUrl: string
  bed: Bed
  /** A folder of the test's own, which stands for `.local`. */
  dataDir: string
  close(): Promise<void>
}

export async function startLivePlatform(): Promise<LivePlatform> {
  const bed = await aBed()
  const dataDir = await mkdtemp(join(tmpdir(), 'ost-live-'))
  const processes = new Processes(join(dataDir, 'logs'))
  const [port = 0] = await pickFreePorts(1)
  const apiUrl = `http://127.0.0.1:${port}`
  await bed.startWorker()
  const api = appOf(processes, {
    name: 'api',
    main: 'api',
    port,
    ready: '/readyz',
    env: { ...bed.env, API_PORT: String(port), PUBLIC_URL: apiUrl, OPEN_SIGN_UP: 'false' },
  })
  await api.start()
  return {
    apiUrl,
    operatorKey: bed.config.keys.operatorKey,
    rpcUrl: bed.anvil.rpcUrl,
    bed,
    dataDir,
    async close() {
      await processes.stopAll()
      await bed.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
