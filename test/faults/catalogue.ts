import type { Fault } from './fault.ts'
import { coldFleet } from './faults/backlog.ts'
import {
  alreadyKnown,
  answersCut,
  answersLate,
  answersNeverCome,
  broadcastsCut,
  nonceTooLow,
  sendsRefused,
  underpriced,
} from './faults/broadcasts.ts'
import {
  baseFeeSpike,
  blocksFast,
  blocksSlow,
  chainHalted,
  nodeForgets,
  nodeFrozen,
  nodeRestarted,
  poolDropped,
} from './faults/chain-life.ts'
import { rollingDeploy } from './faults/deploy.ts'
import { TAMPERED } from './faults/drift.ts'
import { frozenAmongFour, frozenAmongTwo } from './faults/frozen-worker.ts'
import { jobsTwice } from './faults/jobs-twice.ts'
import { KILLED_AT } from './faults/kill-at.ts'
import { killApi, killBoth, killWorker } from './faults/kill-processes.ts'
import { migratedTwice } from './faults/migrations.ts'
import {
  answersBad,
  answersShuffled,
  answersStale,
  chainIdWrong,
  endpointLags,
  endpointLies,
  errorsOften,
  nodeGone,
  rateLimited,
} from './faults/nodes.ts'
import { oneKey } from './faults/one-key.ts'
import {
  connectionsExhausted,
  connectionsTerminated,
  diskFull,
  hotRowLocked,
  postgresGone,
  postgresRestarted,
  postgresSlow,
} from './faults/postgres.ts'
import {
  redisFlushed,
  redisFrozen,
  redisFull,
  redisGone,
  redisReadOnly,
  redisRestarted,
} from './faults/redis.ts'
import { oneSkipped, poisonItems } from './faults/refused-payments.ts'
import { keyRotated } from './faults/key-rotation.ts'
import { keyUsedElsewhere, outOfGas } from './faults/relayer-key.ts'
import { chainOlder, reorganised, reorganisedBeyondFinal } from './faults/reorgs.ts'
import { apiClockShifted, workerClockShifted } from './faults/shifted-clock.ts'
import { soakOf } from './faults/soak.ts'
import { economyPaused, keyRevoked } from './faults/stop-orders.ts'
import { tenantStorm } from './faults/tenant-storm.ts'
import { apiTerminated, workerTerminated } from './faults/terminate-processes.ts'
import { twoWorkers } from './faults/two-workers.ts'
import { deliveryUnrecorded, receiverBad } from './faults/webhook-receivers.ts'

const PROCESSES: readonly Fault[] = [killApi, killWorker, killBoth, apiTerminated, workerTerminated]

const REDIS: readonly Fault[] = [
  redisFlushed,
  redisRestarted,
  redisFrozen,
  redisGone,
  redisReadOnly,
  redisFull,
]

const POSTGRES: readonly Fault[] = [
  postgresRestarted,
  postgresGone,
  connectionsTerminated,
  postgresSlow,
  hotRowLocked,
  connectionsExhausted,
  diskFull,
]

/** The first takes blocks back, so it comes before those that do something to the chain which must stay. */
const CHAIN: readonly Fault[] = [
  chainOlder,
  answersCut,
  broadcastsCut,
  answersLate,
  answersNeverCome,
  sendsRefused,
  alreadyKnown,
  nonceTooLow,
  underpriced,
  nodeGone,
  answersBad,
  answersStale,
  chainIdWrong,
  errorsOften,
  answersShuffled,
  rateLimited,
  nodeFrozen,
  oneSkipped,
  poisonItems,
  keyUsedElsewhere,
  outOfGas,
  endpointLies,
  endpointLags,
  reorganised,
  reorganisedBeyondFinal,
  chainHalted,
  blocksFast,
  blocksSlow,
  poolDropped,
  baseFeeSpike,
  nodeRestarted,
  nodeForgets,
]

/** Every fault, in the order in which they are tried. */
export const CATALOGUE: readonly Fault[] = [
  ...PROCESSES,
  ...KILLED_AT,
  jobsTwice,
  ...REDIS,
  ...POSTGRES,
  ...CHAIN,
  twoWorkers,
  frozenAmongTwo,
  frozenAmongFour,
  oneKey,
  receiverBad,
  deliveryUnrecorded,
  migratedTwice,
  coldFleet,
  apiClockShifted,
  workerClockShifted,
  keyRotated,
  keyRevoked,
  economyPaused,
  rollingDeploy,
  tenantStorm,
  ...TAMPERED,
  soakOf([...PROCESSES, ...REDIS, ...POSTGRES]),
]
