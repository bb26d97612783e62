import { readdirSync, readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { uuidv7 } from 'uuidv7'
import { describe, expect, it } from 'vitest'
import { isSampled, parseTraceparent, rootOf } from '#adapters/telemetry/trace-ids.ts'
import { ConfigError, loadConfig } from '#config'

describe('the trace of a transaction', () => {
  it('is its id', () => {
    expect(rootOf('019b0c5e-1234-7abc-8def-0123456789ab')).toEqual({
      traceId: '019b0c5e12347abc8def0123456789ab',
      spanId: '8def0123456789ab',
    })
  })

  it('is recorded or not alike in every process, and about as often as wanted', () => {
    const ids = Array.from({ length: 4_000 }, () => rootOf(uuidv7()).traceId)
    expect(ids.every((id) => isSampled(id, 1))).toBe(true)
    expect(ids.some((id) => isSampled(id, 0))).toBe(false)
    const share = ids.filter((id) => isSampled(id, 0.1)).length / ids.length
    expect(share).toBeGreaterThan(0.05)
    expect(share).toBeLessThan(0.15)
  })
})

describe('parseTraceparent', () => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
  const spanId = '00f067aa0ba902b7'

  it('reads what the caller says, and whether it records', () => {
    expect(parseTraceparent(`00-${traceId}-${spanId}-01`)).toEqual({ traceId, spanId, isSampled: true })
    expect(parseTraceparent(`00-${traceId}-${spanId}-00`)?.isSampled).toBe(false)
  })

  it.each([
    undefined,
    '',
    'nonsense',
    `01-${traceId}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId}-${spanId}-01-more`,
  ])('takes %s for nothing', (header) => {
    expect(parseTraceparent(header)).toBeNull()
  })
})

describe('settings of tracing', () => {
  const example = parseEnv(readFileSync('.env.example', 'utf8'))
  const read = (env: Record<string, string>) => loadConfig({ ...example, ...env }).tracing

  it('are off without a collector', () => {
    expect(read({})).toBeNull()
  })

  it('have the names that OpenTelemetry gives them', () => {
    const tracing = read({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%20b, x-team=money',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
      OTEL_SERVICE_NAME: 'coins',
    })
    expect(tracing).toEqual({
      endpoint: 'http://127.0.0.1:4318',
      headers: { 'api-key': 'a b', 'x-team': 'money' },
      share: 0.25,
      serviceName: 'coins',
    })
  })

  it('name what is wrong, and never a secret', () => {
    const wrong = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'ftp://user:secret@host',
      OTEL_EXPORTER_OTLP_HEADERS: 'secret',
      OTEL_TRACES_SAMPLER_ARG: '2',
    }
    const problemsOf = () => {
      try {
        return read(wrong)
      } catch (error) {
        return error instanceof ConfigError ? error.problems : []
      }
    }
    const problems = problemsOf()
    expect(problems).toHaveLength(3)
    expect(JSON.stringify(problems)).not.toContain('secret')
  })
})

describe('who does not trace', () => {
  it('loads nothing of OpenTelemetry: one file imports it, and only when it is called', () => {
    const files = ['src', 'apps'].flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => `${folder}/${name}`),
    )
    const naming = files.filter((file) => readFileSync(file, 'utf8').includes("'@opentelemetry/"))
    expect(naming).toEqual(['src/adapters/telemetry/tracing.ts'])
    const text = readFileSync('src/adapters/telemetry/tracing.ts', 'utf8')
    expect(text).not.toMatch(/^import .*@opentelemetry/m)
  })
})
