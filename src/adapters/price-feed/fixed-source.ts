/** A price that a person has written into the configuration, of now for as long as it stands there. */
export function readFixedSource(price: string): () => Promise<{ price: string; asOf: null }> {
  return async () => ({ price, asOf: null })
}
