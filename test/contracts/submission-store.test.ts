import { memoryMoney, postgresMoney } from './money-backend.ts'
import { describeSubmissionStore } from './submission-store.ts'

describeSubmissionStore('in Postgres', postgresMoney)
describeSubmissionStore('in memory', memoryMoney)
