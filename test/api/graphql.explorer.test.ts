import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import axe, { type AxeResults } from 'axe-core'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM_FLAGS, findChromium } from '#scripts/stack/chromium.ts'
import { startTransactionsApi, type TransactionsApi } from '#test/support/transactions.ts'

const LOCAL = join(import.meta.dirname, '../../.local')
/** Milliseconds. The first run on a machine may have to fetch the browser. */
const FETCH_MS = 600_000
const SHOW_MS = 30_000

let api: TransactionsApi
let url: string
let browser: Browser
beforeAll(async () => {
  const { command, env } = await findChromium(join(LOCAL, 'chromium'))
  browser = await chromium.launch({
    executablePath: command,
    args: CHROMIUM_FLAGS,
    env: { ...process.env, ...env } as Record<string, string>,
  })
  api = await startTransactionsApi()
  url = `${await api.app.listen({ host: '127.0.0.1', port: 0 })}/graphiql`
}, FETCH_MS)
afterAll(async () => {
  await browser?.close()
  await api?.close()
})

const VIEWS = [
  { name: 'wide-light', width: 1440, height: 900, colorScheme: 'light' },
  { name: 'wide-dark', width: 1440, height: 900, colorScheme: 'dark' },
  { name: 'narrow-light', width: 390, height: 844, colorScheme: 'light' },
  { name: 'narrow-dark', width: 390, height: 844, colorScheme: 'dark' },
] as const

async function open({ width, height, colorScheme }: (typeof VIEWS)[number] = VIEWS[0]) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme })
  const page = await context.newPage()
  const asked: string[] = []
  const failed: string[] = []
  page.on('request', (request) => asked.push(request.url()))
  page.on('console', (message) => message.type() === 'error' && failed.push(message.text()))
  page.on('pageerror', (error) => failed.push(String(error)))
  await page.goto(url)
  await page.locator('.graphiql-container').waitFor({ timeout: SHOW_MS })
  return { page, asked, failed, context }
}

async function enterKey(page: Page): Promise<void> {
  await page.getByLabel('API key').fill(api.tenant.key)
  await page.getByLabel('Economy').fill(api.economyId)
  await page.getByLabel('Economy').press('Enter')
  await page.locator('.graphiql-container').waitFor({ timeout: SHOW_MS })
}

const answer = (page: Page) => page.locator('.result-window .CodeMirror').innerText()
const runButton = (page: Page) => page.getByRole('button', { name: /Execute query|Stop query/ })

/** GraphiQL keeps the last tab's operation name for a moment after a change of tabs, and refuses a run in it. */
async function listen(page: Page): Promise<string> {
  const label = await runButton(page).getAttribute('aria-label')
  if (label?.startsWith('Execute')) await runButton(page).click()
  return page.locator('#status').innerText()
}

/** What of WCAG 2.2 AA, and of what axe holds good besides, is not kept: rules and elements. */
async function faults(
  page: Page,
  context: object = { include: ['html'] },
): Promise<{ rule: string; elements: string[] }[]> {
  await page.evaluate(axe.source)
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
  const { violations } = (await page.evaluate(
    `axe.run(${JSON.stringify(context)}, { runOnly: ${JSON.stringify(tags)}, resultTypes: ['violations'] })`,
  )) as AxeResults
  return violations.map(({ id, nodes }) => ({
    rule: id,
    elements: nodes.map(({ target }) => target.join(' ')),
  }))
}

/** Inside GraphiQL 4: tabs hold their own close buttons, which are small, CodeMirror scrolls by itself, and line numbers are pale. */
const OF_GRAPHIQL = ['nested-interactive', 'scrollable-region-focusable', 'target-size', 'color-contrast']

describe('the explorer in a browser', () => {
  it.each(VIEWS)('has names, roles and contrast for everybody: $name', { timeout: 120_000 }, async (view) => {
    const { page, context } = await open(view)
    expect(await faults(page, { include: ['html'], exclude: ['.graphiql-container'] })).toEqual([])
    expect((await faults(page)).filter(({ rule }) => !OF_GRAPHIQL.includes(rule))).toEqual([])
    await context.close()
  })

  it('can be used with the keyboard alone', { timeout: 120_000 }, async () => {
    const { page, context } = await open()
    const press = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key)
    }
    const focused = () =>
      page.evaluate(
        'document.activeElement.id || document.activeElement.textContent || document.activeElement.tagName',
      )
    await press('Tab')
    expect(await focused()).toBe('Skip to the explorer')
    await press('Tab')
    expect(await focused()).toBe('key')
    await page.keyboard.type(api.tenant.key)
    await press('Tab')
    expect(await focused()).toBe('economy')
    await page.keyboard.type(api.economyId)
    await press('Tab')
    expect(await focused()).toBe('remember')
    await press('Tab')
    expect(await focused()).toBe('Use key')
    await press('Enter')
    await page.locator('.graphiql-container').waitFor({ timeout: SHOW_MS })
    await page.locator('.graphiql-query-editor textarea').focus()
    await press('Control+Enter')
    await expect.poll(() => answer(page), { timeout: SHOW_MS }).toContain('"supply": "11000"')
    await page.locator('.skip').focus()
    await press('Enter')
    expect(await page.evaluate('location.hash')).toBe('#explorer')
    expect(await focused()).toBe('explorer')
    await context.close()
  })

  it.each(VIEWS)(
    'runs a query with a key that was entered once: $name',
    { timeout: 120_000 },
    async (view) => {
      const { page, asked, failed, context } = await open(view)
      await enterKey(page)
      await runButton(page).click()
      await expect.poll(() => answer(page), { timeout: SHOW_MS }).toContain('"supply": "11000"')
      const overflow = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')
      expect(overflow).toBeLessThanOrEqual(0)
      const pictures = join(LOCAL, 'screenshots')
      await mkdir(pictures, { recursive: true })
      await page.screenshot({ path: join(pictures, `explorer-${view.name}.png`) })
      await page.reload()
      await expect
        .poll(() => page.getByLabel('API key').inputValue(), { timeout: SHOW_MS })
        .toBe(api.tenant.key)
      expect(
        asked.filter((address) => !address.startsWith(new URL(url).origin) && !address.startsWith('data:')),
      ).toEqual([])
      expect(failed).toEqual([])
      await context.close()
    },
  )

  it('listens to what happens', { timeout: 120_000 }, async () => {
    const { page, context } = await open()
    await enterKey(page)
    await page.getByRole('tab', { name: 'Events' }).click()
    await expect.poll(() => listen(page), { timeout: SHOW_MS, interval: 1_000 }).toBe('Listening…')
    await page.waitForTimeout(1_000)
    await api.request('POST', '/v3/users', { economy: api.economyId, body: { name: 'Seen' } })
    await expect.poll(() => answer(page), { timeout: SHOW_MS }).toContain('user.created')
    await context.close()
  })
})
