import { describeAcceptanceStore } from './acceptance-store.ts'
import { memoryMoney, postgresMoney } from './money-backend.ts'

describeAcceptanceStore('in Postgres', postgresMoney)
describeAcceptanceStore('in memory', memoryMoney)
