/**
 * The stores that a unit of work hands out, one per noun. Each is a port: the interface stands in its noun's folder, the
 * implementation under the same file name in adapters/postgres.
 */
// biome-ignore lint: filled as the nouns arrive
export interface Stores {}
