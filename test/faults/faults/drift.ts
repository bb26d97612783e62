import { setTimeout as sleep } from 'node:timers/promises'
import type { WirePage, WireReconciliation, WireReconciliationRequest } from '#apps/cli/wire.ts'
import type { Bed } from '../bed.ts'
import { drain } from '../drain.ts'
import type { Fault, Scene } from '../fault.ts'
import type { Finding } from '../finding.ts'
import type { Player } from '../stage.ts'

const QUIET_WITHIN_S = 30
const COMPARED_WITHIN_MS = 15_000
const POLL_MS = 50
const findings = new WeakMap<Scene, Finding[]>()

/** Somebody with the right to do anything changes rows, once everything is quiet; the comparison must say so, and how. */
interface Tampering {
  id: string
  name: string
  /** Kinds of difference that the comparison must name. */
  kinds: readonly string[]
  /** SQL with the economy as $1; each pair is the tampering and its undoing. */
  change: string
  undo: string
}

/** The newest entry that was written into the company's account: row and its values survive in a table of our own. */
const KEEP_ENTRY = `
CREATE TABLE kept_entry AS SELECT * FROM entry WHERE economy_id = $1 AND side = 'credit' AND NOT is_reversal ORDER BY created_at DESC, log_index DESC LIMIT 1`

const TAMPERINGS: readonly Tampering[] = [
  {
    id: 'F27',
    name: 'a superuser edits a row of the journal',
    kinds: ['entries'],
    change: `UPDATE entry SET amount = amount + 1 WHERE (economy_id, account_id, block_number, log_index, side, generation, is_reversal) IN
               (SELECT economy_id, account_id, block_number, log_index, side, generation, is_reversal FROM kept_entry)`,
    undo: `UPDATE entry SET amount = amount - 1 WHERE (economy_id, account_id, block_number, log_index, side, generation, is_reversal) IN
             (SELECT economy_id, account_id, block_number, log_index, side, generation, is_reversal FROM kept_entry)`,
  },
  {
    id: 'F28-drift',
    name: 'a balance drifts by one base unit',
    kinds: ['balance', 'entries', 'sum'],
    change: `UPDATE account SET settled = settled + 1 WHERE economy_id = $1 AND id IN (SELECT account_id FROM kept_entry)`,
    undo: `UPDATE account SET settled = settled - 1 WHERE economy_id = $1 AND id IN (SELECT account_id FROM kept_entry)`,
  },
  {
    id: 'F28-missing',
    name: 'an entry is missing',
    kinds: ['entries'],
    change: `DELETE FROM entry WHERE (economy_id, account_id, block_number, log_index, side, generation, is_reversal) IN
               (SELECT economy_id, account_id, block_number, log_index, side, generation, is_reversal FROM kept_entry)`,
    undo: 'INSERT INTO entry SELECT * FROM kept_entry',
  },
  {
    id: 'F28-doubled',
    name: 'an entry is there twice',
    kinds: ['entries'],
    change: `INSERT INTO entry SELECT (jsonb_populate_record(kept_entry, '{"generation": 99}')).* FROM kept_entry`,
    undo: 'DELETE FROM entry WHERE economy_id = $1 AND generation = 99',
  },
]

export const TAMPERED: readonly Fault[] = TAMPERINGS.map((tampering) => ({
  id: tampering.id,
  name: `${tampering.name}: the comparison of ledger and chain finds it`,
  drainedWithinS: 30,
  isAlone: true,
  async inject(bed, _random, scene) {
    await scene.load.stop()
    await drain(scene.stage, performance.now(), QUIET_WITHIN_S)
    const [player] = scene.stage.players
    const before = await compare(player)
    await asSuperuser(bed, player, 'DROP TABLE IF EXISTS kept_entry', KEEP_ENTRY, tampering.change)
    const during = await compare(player)
    await asSuperuser(bed, player, tampering.undo, 'DROP TABLE kept_entry')
    const after = await compare(player)
    const kinds = new Set<string>(during?.differences.map(({ kind }) => kind))
    const missed = tampering.kinds.filter((kind) => !kinds.has(kind))
    const whats: string[] = []
    if (before?.status !== 'equal') whats.push(`ledger and chain were ${before?.status} before`)
    if (missed.length > 0)
      whats.push(`${tampering.name}, and no difference of ${missed.join(', ')} was found`)
    if (after?.status !== 'equal') whats.push(`ledger and chain were ${after?.status} after it was undone`)
    findings.set(
      scene,
      whats.map((what): Finding => ({ verdict: 'V3', kind: 'mismatch', what })),
    )
  },
  async heal() {},
  check: (scene: Scene) => findings.get(scene) ?? [],
}))

/** As somebody whom no trigger stops. */
async function asSuperuser({ postgres }: Bed, { economyId }: Player, ...statements: string[]): Promise<void> {
  const literal = `'${economyId}'`
  const text = statements.map((statement) => statement.replaceAll('$1', literal)).join(';\n')
  await postgres.sql(`BEGIN; SET LOCAL session_replication_role = replica; ${text}; COMMIT`)
}

/** Asks for a comparison, as any partner may, and waits for what it says; undefined when it says nothing in time. */
async function compare({ partner: { client } }: Player): Promise<WireReconciliation | undefined> {
  const asked = await client.post<WireReconciliationRequest>('/v3/token/reconciliations')
  const deadline = performance.now() + COMPARED_WITHIN_MS
  while (performance.now() < deadline) {
    // A worker whose clock was ahead has left one with an id that stays the newest for a while.
    const { data } = await client.get<WirePage<WireReconciliation>>('/v3/token/reconciliations', {
      limit: 10,
    })
    const newest = data.find(({ created_at: createdAt }) => createdAt >= asked.requested_at)
    if (newest) return newest
    await sleep(POLL_MS)
  }
  return undefined
}
