import { readFile } from 'node:fs/promises'

/** Where tests note each answer they got, one `METHOD /path status` a line; next to it, everything that is documented. */
export const ANSWERS_FILE = 'TEST_ANSWERS_FILE'

/** The file of documented answers that belongs to a file of seen ones. */
export function documentedFile(answersFile: string): string {
  return `${answersFile}.documented`
}

/** Answers that the OpenAPI document announces and that no test of a whole run has seen. */
export async function findUnseenAnswers(answersFile: string): Promise<string[]> {
  const [documented, seen] = await Promise.all([linesOf(documentedFile(answersFile)), linesOf(answersFile)])
  return [...documented].filter((answer) => !seen.has(answer)).toSorted()
}

async function linesOf(path: string): Promise<Set<string>> {
  const text = await readFile(path, 'utf8')
  return new Set(text.split('\n').filter((line) => line !== ''))
}
