import type { TestProject } from 'vitest/node'
import { builtPrograms } from '#scripts/stack/programs.ts'
import { startTestStack, stackFromEnvironment, type TestStack } from '#scripts/test-stack.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    stack: TestStack
  }
}

/** Uses the stack that `npm test` started; on its own, `npx vitest` starts one and ends it afterwards. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Once, before two tests do it at the same time.
  await builtPrograms()
  const given = stackFromEnvironment(process.env)
  if (given !== undefined) {
    project.provide('stack', given)
    return async () => undefined
  }
  const { stack, stop } = await startTestStack()
  project.provide('stack', stack)
  return stop
}
