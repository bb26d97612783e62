import { runLoad } from '../load/http-load.ts'
import { row } from '../report.ts'
import { batchRequests, generator } from '../requests.ts'
import type { Section } from '../run.ts'
import { waitUntilQuiet, waitUntilSettled } from '../settled.ts'

const PAYMENTS = 500
const TOKEN = 10n ** 18n

/** Gas of a payment in a batch between strangers who hold the token, as the chain charged it, and of a plain transfer. */
export const gas: Section = {
  rows: ['gas'],

  async run({ whole, loop: loopOf, progress, details }) {
    const { platform, population } = await whole()
    const loop = await loopOf()
    await waitUntilQuiet(platform, [population.economyId])
    return progress.step('gas of a batch of 500', async (note) => {
      const next = generator(60)
      const amountOf = () => TOKEN + BigInt(Math.floor(next() * 1e9)) * 1_000_000_007n
      const payments = Array.from({ length: PAYMENTS }, (_, index) => ({
        from: index,
        to: index + PAYMENTS,
        amount: amountOf(),
      }))
      const requests = batchRequests(population, payments, PAYMENTS)
      const startedAt = new Date()
      await runLoad({ url: platform.api.url, requests, status: 202, connections: 1 })
      await waitUntilSettled(platform, [population.economyId])
      const batches = await platform.sql<{ gas_used: string; payments: number }>(
        `SELECT gas_used, payments FROM chain_submission
         WHERE economy_id = $1 AND created_at >= $2`,
        [population.economyId, startedAt],
      )
      const gasUsed = batches.reduce((sum, batch) => sum + Number(batch.gas_used), 0)
      const count = batches.reduce((sum, batch) => sum + batch.payments, 0)
      const plain = await loop.gasOfTransfer(`0x${'7'.repeat(40)}`, amountOf())
      details.gas = { batches: batches.map((batch) => batch.payments), gasUsed, plain: Number(plain) }
      note(`${batches.length} batch, ${Math.round(gasUsed / count)} per payment`)
      return [
        row({
          name: 'gas',
          unit: 'gas',
          ours: gasUsed / count,
          beside: Number(plain),
          goal: { atMost: 0.36 },
        }),
      ]
    })
  },
}
