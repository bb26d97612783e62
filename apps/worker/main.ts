import closeWithGrace from 'close-with-grace'
import { pino } from 'pino'
import { ConfigError, loadWorkerConfig, type WorkerConfig } from '#config'
import { startWorker } from './start-worker.ts'

/** Stopping keeps its own time; this is for when even that hangs. */
const STOP_MARGIN_MS = 2_000

const config = readConfig()
// Keys, tokens and signed bytes never reach a line: nothing that logs is given them; this is the second wall.
const logger = pino({
  name: 'ost-worker',
  level: config.log.level,
  redact: ['*.keyJwe', '*.rawTx', '*.privateKey', '*.authorization'],
})

const starting = startWorker(config, logger, {
  giveUp: (reason) => end(`The worker gives up: ${reason}.`),
})

closeWithGrace(
  { delay: config.shutdown.graceMs + STOP_MARGIN_MS, logger: false },
  async ({ signal, err }) => {
    if (err) logger.fatal({ event: 'worker.crashed', err }, 'worker.crashed')
    logger.info({ event: 'worker.stopping', signal }, 'worker.stopping')
    const worker = await starting
    await worker.stop()
    logger.info({ event: 'worker.stopped' }, 'worker.stopped')
  },
)

try {
  const { metricsPort } = await starting
  logger.info({ event: 'worker.started', metricsPort }, 'worker.started')
} catch (error) {
  end(`The worker cannot start: ${error instanceof Error ? error.message : String(error)}`)
}

function readConfig(): WorkerConfig {
  try {
    return loadWorkerConfig(process.env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.problems.join('\n')}\n`)
    process.exit(1)
  }
}

/** At once: what is wrong may be what an orderly end would wait for. Nothing is lost, Postgres has it all. */
function end(reason: string): never {
  logger.fatal({ event: 'worker.ended' }, reason)
  process.exit(1)
}
