import type { Details } from '../details.ts'
import { runLoad } from '../load/http-load.ts'
import { runSqlTransfers } from '../load/sql-transfers.ts'
import { type Cost, startMeter } from '../meters.ts'
import { median, row } from '../report.ts'
import { batchRequests, payments, singleRequests } from '../requests.ts'
import { type Section, USERS } from '../run.ts'

const ROUNDS = 3
const SINGLES = 12_000
const BATCH_ITEMS = 30_000
const BATCH_SIZE = 100
const SQL_TRANSFERS = 8_000
/** Clients of the batch endpoint: more would only queue in the acceptor. */
const BATCH_CONNECTIONS = 16

/** What the api accepts in a second, and what a plain writer of the same rows does. Nothing drains the queue meanwhile. */
export const accept: Section = {
  rows: ['accept', 'accept-batch'],

  async run({ apiAlone, progress, details }) {
    const { platform, population } = await apiAlone()
    const rounds: NonNullable<Details['accept']>['rounds'] = []
    await runLoad({
      url: platform.api.url,
      requests: singleRequests(population, payments(2_000, USERS, 99)),
      status: 202,
    })
    for (let round = 1; round <= ROUNDS; round += 1) {
      await progress.step(`accept, round ${round} of ${ROUNDS}`, async (note) => {
        const endSql = await startMeter(platform)
        const sql = await runSqlTransfers(
          platform.database.ownerUrl,
          population,
          payments(SQL_TRANSFERS, USERS, round),
        )
        const sqlCost = await endSql()
        const endSingle = await startMeter(platform)
        const single = await runLoad({
          url: platform.api.url,
          requests: singleRequests(population, payments(SINGLES, USERS, round + 10)),
          status: 202,
        })
        const singleCost = await endSingle()
        const endBatch = await startMeter(platform)
        const batch = await runLoad({
          url: platform.api.url,
          requests: batchRequests(population, payments(BATCH_ITEMS, USERS, round + 20), BATCH_SIZE),
          status: 202,
          connections: BATCH_CONNECTIONS,
        })
        const batchCost = await endBatch()
        rounds.push({
          single: single.perSecond,
          batch: batch.perSecond * BATCH_SIZE,
          sql,
          microseconds: {
            single: busy(singleCost, SINGLES),
            batch: busy(batchCost, BATCH_ITEMS),
            sql: busy(sqlCost, SQL_TRANSFERS),
          },
        })
        note(
          `sql ${Math.round(sql)}, single ${Math.round(single.perSecond)} (client ${single.clientCpuSeconds.toFixed(1)} of ${single.seconds.toFixed(1)} s), batch ${Math.round(batch.perSecond * BATCH_SIZE)} /s`,
        )
      })
    }
    details.accept = { rounds }
    const unit = 'transfers/s'
    const beside = median(rounds.map(({ sql }) => sql))
    return [
      row({
        name: 'accept',
        unit,
        ours: median(rounds.map(({ single }) => single)),
        beside,
        ratio: median(rounds.map(({ single, sql }) => single / sql)),
        goal: { atLeast: 1 },
      }),
      row({
        name: 'accept-batch',
        unit,
        ours: median(rounds.map(({ batch }) => batch)),
        beside,
        ratio: median(rounds.map(({ batch, sql }) => batch / sql)),
        goal: { atLeast: 4 },
      }),
    ]
  },
}

/** Processor time per transfer of all processes together. */
function busy({ cpuSeconds }: Cost, transfers: number): number {
  return (Object.values(cpuSeconds).reduce((sum, seconds) => sum + seconds, 0) * 1e6) / transfers
}
