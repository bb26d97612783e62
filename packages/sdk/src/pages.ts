/** A page of a list. */
export interface Page<Row> {
  data: Row[]
  has_more: boolean
  next_cursor: string | null
}

/**
 * A list that is read as you go. `for await` gives every row, page by page; `await` gives one page, with the `next_cursor` that
 * goes on from there.
 */
export class Pages<Row> implements PromiseLike<Page<Row>>, AsyncIterable<Row> {
  readonly #read: (cursor?: string) => Promise<Page<Row>>

  constructor(read: (cursor?: string) => Promise<Page<Row>>) {
    this.#read = read
  }

  // oxlint-disable-next-line unicorn/no-thenable -- so that `await list()` gives the page that was asked for
  then<Result = Page<Row>, Failure = never>(
    onfulfilled?: ((page: Page<Row>) => Result | PromiseLike<Result>) | null,
    onrejected?: ((reason: unknown) => Failure | PromiseLike<Failure>) | null,
  ): Promise<Result | Failure> {
    return this.#read().then(onfulfilled, onrejected)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Row, void, undefined> {
    for await (const page of this.pages()) yield* page.data
  }

  /** Page by page. A log has a cursor at its end too, so it is `has_more` that ends it. */
  async *pages(): AsyncGenerator<Page<Row>, void, undefined> {
    let page = await this.#read()
    yield page
    while (page.has_more && page.next_cursor !== null) {
      page = await this.#read(page.next_cursor)
      yield page
    }
  }
}
