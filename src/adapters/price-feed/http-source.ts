/** Milliseconds for the whole answer. */
const TIMEOUT_MS = 10_000
/** Bytes of an answer: a price is a few dozen. */
const LENGTH_MAX = 256 * 1_024

/** @throws Error when the service does not answer 200 in time, redirects, or answers at length. */
export async function readHttpSource(source: URL): Promise<string> {
  const response = await fetch(source, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  if (!response.ok) {
    await response.body?.cancel()
    throw new Error(`the service answered ${response.status}`)
  }
  return readBounded(response)
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.length
    if (length > LENGTH_MAX) throw new Error(`the answer is longer than ${LENGTH_MAX} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
