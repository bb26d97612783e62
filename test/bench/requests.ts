import { randomUUID } from 'node:crypto'
import { httpRequest } from './load/http-connection.ts'
import type { Population } from './population.ts'

const TOKEN = 10n ** 18n

/** A payment between two different users: its amount has 18 decimals in use, as prices converted from fiat do. */
export interface Payment {
  from: number
  to: number
  amount: bigint
}

/** The same payments at every run: who pays whom comes from a small generator with a fixed seed. */
export function payments(count: number, users: number, seed = 1): Payment[] {
  const next = generator(seed)
  return Array.from({ length: count }, () => {
    const from = Math.floor(next() * users)
    const to = (from + 1 + Math.floor(next() * (users - 1))) % users
    const amount = TOKEN + BigInt(Math.floor(next() * 1e9)) * 1_000_000_007n
    return { from, to, amount }
  })
}

export function singleRequests(population: Population, of: readonly Payment[]): Buffer[] {
  const headers = { authorization: `Bearer ${population.apiKey}` }
  return of.map((payment) =>
    httpRequest({
      method: 'POST',
      path: '/v3/transactions',
      headers: { ...headers, 'idempotency-key': randomUUID() },
      body: JSON.stringify(bodyOf(population, payment)),
    }),
  )
}

export function batchRequests(population: Population, of: readonly Payment[], size: number): Buffer[] {
  const requests: Buffer[] = []
  for (let at = 0; at < of.length; at += size) {
    const transactions = of.slice(at, at + size).map((payment) => bodyOf(population, payment))
    requests.push(
      httpRequest({
        method: 'POST',
        path: '/v3/transactions/batch',
        headers: { authorization: `Bearer ${population.apiKey}`, 'idempotency-key': randomUUID() },
        body: JSON.stringify({ transactions }),
      }),
    )
  }
  return requests
}

export function getRequest(population: Population, path: string): Buffer {
  return httpRequest({ method: 'GET', path, headers: { authorization: `Bearer ${population.apiKey}` } })
}

function bodyOf({ payType, userIds }: Population, { from, to, amount }: Payment) {
  return { type: payType, from_user_id: userIds[from], to_user_id: userIds[to], amount: amount.toString() }
}

/** Mulberry32: numbers from 0 to 1. */
export function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
