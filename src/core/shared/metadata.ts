/** A caller's own notes on a resource. Bounded at the edge: few keys, short values, nothing nested. */
export type Metadata = Readonly<Record<string, string | number | boolean>>
