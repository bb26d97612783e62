import { readFile, stat } from 'node:fs/promises'

/** Bytes of the file. */
const LENGTH_MAX = 256 * 1_024

/** @throws Error when the file is not there or long. */
export async function readFileSource(source: URL): Promise<string> {
  const { size } = await stat(source)
  if (size > LENGTH_MAX) throw new Error(`the file is longer than ${LENGTH_MAX} bytes`)
  return readFile(source, 'utf8')
}
