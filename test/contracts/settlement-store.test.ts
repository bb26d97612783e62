import { memoryMoney, postgresMoney } from './money-backend.ts'
import { describeSettlementStore } from './settlement-store.ts'

describeSettlementStore('in Postgres', postgresMoney)
describeSettlementStore('in memory', memoryMoney)
