import { defineConfig } from 'vitest/config'

/** Everything but these folders runs against real PostgreSQL, Redis and chains. */
const UNIT = [
  'test/core/**/*.test.ts',
  'test/unit/**/*.test.ts',
  'test/simulator/**/*.test.ts',
  'test/*.test.ts',
]

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: UNIT, exclude: [] } },
      {
        test: {
          name: 'integration',
          include: ['test/**/*.test.ts'],
          exclude: UNIT,
          globalSetup: ['test/support/global-setup.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          teardownTimeout: 30_000,
        },
      },
    ],
    // Two cores are what CI has; the stack's own processes need their share.
    maxWorkers: 2,
  },
})
