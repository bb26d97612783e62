import pg from 'pg'
import { startAnvil } from '#scripts/stack/anvil.ts'
import { Processes } from '#scripts/stack/processes.ts'
import { createLaneFixture, createLiveEconomy, queueTransfers, markMined, balancesOf } from '#test/support/lane-fixture.ts'
import { submitLane } from '#core/transaction/submit-lane.ts'
const name='mine_submitbench'
const admin=new pg.Client('postgres://postgres:postgres@127.0.0.1:5499/postgres'); await admin.connect()
await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`); await admin.query(`CREATE DATABASE ${name} TEMPLATE ost_template OWNER ost_owner`)
const url=(u:string)=>`postgres://${u}:x@127.0.0.1:5499/${name}`
const procs=new Processes('/tmp/bench-logs-'+process.pid)
const {rpcUrl}=await startAnvil(procs,{name:'anvil',chainId:31399,port:28999,blockTimeSeconds:1,extraArgs:['--prune-history']})
const LANES=Number(process.argv[2]??1), N=Number(process.argv[3]??20000), FAKE=process.argv[4]==='fake'
try{
const fx=await createLaneFixture({database:{ownerUrl:url('ost_owner'),workerUrl:url('ost_worker')},chain:{rpcUrl,chainId:31399},lanes:LANES,blockTimeMs:1000})
const ecos=[]
for(let i=0;i<LANES;i++) ecos.push(await createLiveEconomy(fx,{users:300,balance:10n**9n,laneId:fx.laneIds[i]!}))
const g=await fx.owner.query("select kind,gas_limit,gas_used,array_length(transaction_ids,1) n,revert_reason from chain_submission where kind='transfer_batch'")
console.log(g.rows)
for(const e of ecos){ const o=[]; for(let i=0;i<N;i++) o.push({from:e.users[i%300]!.id,to:e.users[(i*7+1)%300]!.id===e.users[i%300]!.id?e.company.id:e.users[(i*7+1)%300]!.id,amount:1n}); for(let i=0;i<N;i+=5000) await queueTransfers(fx,e,o.slice(i,i+5000)) }
await fx.owner.query('analyze')
let stop=false
const t0=performance.now()
const indexer=(async()=>{ while(!stop){ await markMined(fx).catch(()=>{}); await new Promise(r=>setTimeout(r,100)) } })()
let signedAt=0
await Promise.all(ecos.map(async e=>{ const s=fx.submitter(); 
 if(FAKE){ const get=s.chains.get.bind(s.chains); s.chains={...s.chains,get:(id:number)=>({...get(id),broadcast:async()=>({verdict:'accepted' as const,reason:'accepted' as const,message:''})})} as never }
 let n=0; while(n<N){ const r=await submitLane(s,e.laneId); n+=r.transactions; if(FAKE) await fx.owner.query("update chain_submission set status='mined',block_number=1,tx_hash='x' where status in ('signed','broadcast')"); else if(r.outcome!=='more') await new Promise(r=>setTimeout(r,20)) } }))
signedAt=performance.now()-t0
if(!FAKE) while((await fx.owner.query("select count(*)::int n from chain_submission where status in ('signed','broadcast')")).rows[0].n>0) await new Promise(r=>setTimeout(r,50))
const done=performance.now()-t0
stop=true; await indexer
const q=await fx.owner.query("select count(*)::int n, sum(array_length(transaction_ids,1)) tx, count(*) filter (where revert_reason is not null)::int bad, max(gas_used::float/gas_limit::float) ratio, avg(gas_used/nullif(array_length(transaction_ids,1),0)) per from chain_submission where kind='transfer_batch'")
console.log({lanes:LANES,transfers:N*LANES,signedPerS:Math.round(N*LANES/signedAt*1000),minedPerS:Math.round(N*LANES/done*1000)},q.rows[0])
await fx.close()
}finally{ await procs.stopAll(); await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`); await admin.end() }
