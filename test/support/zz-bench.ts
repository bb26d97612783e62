import pg from 'pg'
import { uuidv7 } from 'uuidv7'
import { LedgerWorld } from '#test/support/ledger-world.ts'
import { batchTx, type AcceptedFixture, randomHash } from '#test/support/ledger-fixtures.ts'
import { SimulatedChain } from '#test/support/simulated-chain.ts'
import { ISSUANCE_ADDRESS } from '#core/ledger/settlement.ts'
import { followChain } from '#core/transaction/follow-chain.ts'
import { confirmBlocks } from '#core/transaction/confirm-blocks.ts'

const times = new Map<string, {n: number, ms: number}>(); const orig = pg.Client.prototype.query as any; (pg.Client.prototype as any).query = function (...a: any[]) { const name = a[0]?.name ?? String(a[0]?.text ?? a[0]).slice(0, 30); const s = performance.now(); const r = orig.apply(this, a); if (r?.then) r.then(() => { const x = times.get(name) ?? { n: 0, ms: 0 }; x.n++; x.ms += performance.now() - s; times.set(name, x) }, () => {}); return r }
const admin = new pg.Client({ connectionString: 'postgres://postgres:postgres@127.0.0.1:5499/postgres' })
await admin.connect()
await admin.query('DROP DATABASE IF EXISTS mine_ledger WITH (FORCE)')
await admin.query('CREATE DATABASE mine_ledger TEMPLATE ost_template OWNER ost_owner')
const url = (role: string) => `postgres://${role}:x@127.0.0.1:5499/mine_ledger`
const world = new LedgerWorld({ ownerUrl: url('ost_owner'), workerUrl: url('ost_worker') })
const ECONOMIES = 4, USERS = 2000, BATCHES = Number(process.env.BATCHES ?? 15), SIZE = 1000
const chainId = await world.addChain({ finalityDepth: 3 })
const chain = new SimulatedChain()
const deps = world.deps(chain.readers)
const economies = []
for (let i = 0; i < ECONOMIES; i++) {
  const e = await world.fixtures.addEconomy({ chainId, users: USERS })
  economies.push(e)
  for (const u of e.users) chain.mempool.push({ hash: randomHash(), kind: 'transfer', token: e.token, from: ISSUANCE_ADDRESS, to: u.address, amount: 10n ** 12n })
}
chain.mine()
let t = performance.now()
await followChain(deps, chainId)
console.log('funding', ECONOMIES * USERS, 'mints in', Math.round(performance.now() - t), 'ms')
for (const e of economies) {
  for (let b = 0; b < BATCHES; b++) {
    const accepted: AcceptedFixture[] = Array.from({ length: SIZE }, () => {
      const from = Math.floor(Math.random() * USERS); const to = (from + 1 + Math.floor(Math.random() * (USERS - 1))) % USERS
      return { transactionId: uuidv7(), fromUserId: e.users[from]!.id, legs: [{ toUserId: e.users[to]!.id, amount: 5n }] }
    })
    const v = [e.economyId, e.tenantId, accepted.map((a) => a.transactionId), accepted.map((a) => a.fromUserId), accepted.map((a) => a.legs[0]!.toUserId)]
    const rows = `unnest($3::uuid[], $4::uuid[], $5::uuid[]) AS p(id, f, t)`
    await world.fixtures.pool.query(`INSERT INTO transaction (economy_id, id, tenant_id, type_id, from_user_id, to_user_id, amount, config_version) SELECT $1, id, $2, $1, f, t, 5, 1 FROM ${rows}`, v)
    await world.fixtures.pool.query(`INSERT INTO transfer (economy_id, transaction_id, position, tenant_id, kind, from_account_id, to_account_id, amount) SELECT $1, id, 0, $2, 'amount', f, t, 5 FROM ${rows}`, v)
    await world.fixtures.pool.query(`INSERT INTO hold (economy_id, transaction_id, tenant_id, account_id, amount) SELECT $1, id, $2, f, 5 FROM ${rows}`, v)
    await world.fixtures.pool.query(`UPDATE account SET held = held + 5 * n FROM (SELECT f, count(*) n FROM ${rows} GROUP BY f) x WHERE economy_id = $1 AND id = f AND $2::uuid IS NOT NULL`, v)
    await world.fixtures.pool.query(`UPDATE account SET pending_in = pending_in + 5 * n FROM (SELECT t, count(*) n FROM ${rows} GROUP BY t) x WHERE economy_id = $1 AND id = t AND $2::uuid IS NOT NULL`, v)
    const s = await world.fixtures.submit(e, accepted)
    chain.mempool.push(batchTx(e, s, accepted))
  }
}
await world.fixtures.pool.query('ANALYZE')
const total = ECONOMIES * BATCHES * SIZE
// blocks of 8 batches
while (chain.mempool.length) chain.mine(8)
t = performance.now()
const cpu = process.cpuUsage()
const r = await followChain(deps, chainId)
const ms = performance.now() - t
const used = process.cpuUsage(cpu)
console.log('settled', r.movements, 'of', total, 'in', Math.round(ms), 'ms =', Math.round(r.movements / ms * 1000), '/s; node cpu ms', Math.round((used.user + used.system) / 1000), JSON.stringify(r))
for (let i = 0; i < 4; i++) chain.mine()
await followChain(deps, chainId)
t = performance.now()
const c = await confirmBlocks(deps, chainId)
const cms = performance.now() - t
console.log('confirmed', c.confirmed, 'in', Math.round(cms), 'ms =', Math.round(c.confirmed / cms * 1000), '/s')
t = performance.now()
const rec = await world.reconcile(deps, economies[0]!.economyId)
console.log('reconcile', rec.status, rec.accounts, 'accounts in', Math.round(performance.now() - t), 'ms')
for (const [k, v] of [...times].filter(([k]) => /settle|ledger|confirm|COMMIT|reconc/.test(k)).sort((a, b) => b[1].ms - a[1].ms).slice(0,9)) console.log(k.padEnd(32), v.n, Math.round(v.ms))
await world.close(); await admin.end()
