import { Prisma } from './generated/client.ts'

/** Runs a write and turns its collision with a unique key into `taken`. The unit of work is lost then: throw on. */
export async function orTaken<Result>(write: Promise<Result>, taken: () => Error): Promise<Result> {
  try {
    return await write
  } catch (error) {
    if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002') throw taken()
    throw error
  }
}
