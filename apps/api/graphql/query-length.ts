/** Characters of a document. Apart from the other bounds, which come with the whole engine. */
export const QUERY_LENGTH_MAX = 20_000
