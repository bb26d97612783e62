/** What `npm start` prints and keeps in `.local/demo.json`, readable by its owner only. */
export type Demo = {
  apiKey: string
  /** A first transaction, ready to paste. */
  curl: string
  [detail: string]: unknown
}

export type SeedDemo = {
  apiUrl: string
  operatorKey: string
  /** What an earlier start made; the database may have been replaced since. */
  known: Demo | undefined
}

/** Makes the demo economy over HTTP, as any integrator would; a second run finds it again and changes nothing. */
export async function seedDemo(_options: SeedDemo): Promise<Demo | undefined> {
  return undefined
}
