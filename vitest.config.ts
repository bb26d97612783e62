import { createRequire } from 'node:module'
import { defineConfig } from 'vitest/config'

/** Everything but these folders runs against real PostgreSQL, Redis and chains. */
const UNIT = [
  'test/core/**/*.test.ts',
  'test/unit/**/*.test.ts',
  'test/simulator/**/*.test.ts',
  'test/*.test.ts',
]

/** The package has two builds whose classes are not each other's. Node takes this one everywhere; so do tests. */
const ONE_GRAPHQL = { find: /^graphql$/, replacement: createRequire(import.meta.url).resolve('graphql') }

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: UNIT, exclude: [] } },
      {
        resolve: { alias: [ONE_GRAPHQL] },
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
