import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { createVitest } from 'vitest/node'
import { ostErrorOf } from '#apps/api/dialects/errors.ts'
import { ROOT } from '#scripts/stack/settings.ts'
import { ONLY_V11, type Takes, V0, V1, V2_BY_DEVICE, V2_BY_KEY } from '#test/support/ost-endpoints.ts'

/**
 * docs/ost-promises.md is what integrators read, and what this file holds to be true of the tests: every line names tests that
 * are there and run, and nothing that an endpoint takes, answers or bounds is told by no line.
 */

/** A line of the page, and the section that it stands in. */
interface Line {
  section: string
  text: string
  heldBy: string[]
}

let lines: Line[]
/** Titles, with those of what they stand in before them, by the file as the page names it. */
let titles: Map<string, string[]>
beforeAll(async () => {
  lines = readLines(await readFile(join(ROOT, 'docs/ost-promises.md'), 'utf8'))
  titles = await collectTitles()
})

function readLines(page: string): Line[] {
  return page.split(/^## /m).flatMap((part) => {
    const section = part.slice(0, part.indexOf('\n'))
    const rows = [...part.matchAll(/^- (.*)\n {2}Held by (.*)$/gm)]
    return rows.map(([, text = '', refs = '']) => ({
      section,
      text,
      heldBy: [...refs.matchAll(/`([^`]+)`/g)].map(([, ref = '']) => ref),
    }))
  })
}

/** As vitest itself reads the files; titles of tables stand as they are written. */
async function collectTitles(): Promise<Map<string, string[]>> {
  const vitest = await createVitest('test', { watch: false, root: ROOT })
  try {
    const files = ['test/api/dialects/', 'test/core/', 'test/worker/']
    const modules = await vitest.parseSpecifications(await vitest.globTestSpecifications(files))
    return new Map(
      modules.map((module) => {
        const name = module.relativeModuleId.replace(/\.test\.ts$/, '').replace(/^test\/api\/dialects\//, '')
        const running = [...module.children.allTests()].filter(({ options }) => options.mode === 'run')
        return [name, running.map(({ fullName }) => fullName)]
      }),
    )
  } finally {
    await vitest.close()
  }
}

const NOT_HELD = 'What no test here can hold'
const section = (name: string) => lines.filter((line) => line.section === name)
const textOf = (...names: string[]) =>
  names.flatMap((name) => section(name).map(({ text }) => text)).join('\n')

it('has lines in every section, and reads the tests', () => {
  expect(lines.length).toBeGreaterThan(120)
  expect(titles.size).toBeGreaterThan(20)
  for (const name of ['All dialects', 'v1 and v1.1', 'Only v1.1', 'Only v1', 'v0', 'v2'])
    expect(section(name).length, name).toBeGreaterThan(0)
})

it('names for every line tests that are there, each by a title that only it has', () => {
  const wrong = lines
    .flatMap(({ heldBy }) => heldBy)
    .flatMap((ref) => {
      const [file = '', title = ''] = ref.split(' › ')
      const found = (titles.get(file) ?? []).filter((full) => full === title || full.endsWith(` > ${title}`))
      return found.length === 1 ? [] : [`${ref}: ${found.length} tests`]
    })
  expect(wrong).toEqual([])
  expect(lines.filter(({ heldBy }) => heldBy.length === 0)).toEqual([])
})

it('leaves no line of the page unread', async () => {
  const page = await readFile(join(ROOT, 'docs/ost-promises.md'), 'utf8')
  expect(page.match(/^- /gm)).toHaveLength(lines.length)
})

it('says of what no test holds why', async () => {
  const page = await readFile(join(ROOT, 'docs/ost-promises.md'), 'utf8')
  const [, part = ''] = page.split(`## ${NOT_HELD}\n`)
  const [, , ...rows] = part.trim().split('\n')
  expect(rows.length).toBeGreaterThan(5)
  for (const row of rows) {
    const [, what = '', why = ''] = row.split('|').map((cell) => cell.trim())
    expect([what, why], row).not.toContain('')
  }
})

describe.each([
  ['v1 and v1.1', ['v1 and v1.1'], V1],
  ['v1.1 alone', ['Only v1.1'], ONLY_V11],
  ['v0', ['v0'], V0],
  ['v2, by a key', ['v2'], V2_BY_KEY],
  ['v2, by a device', ['v2'], V2_BY_DEVICE],
] as const)('%s', (_name, sections, endpoints) => {
  it.each(
    endpoints.map((endpoint) => {
      const [method, path] = endpoint
      // What it takes stands last.
      return [`${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`, endpoint.at(-1) as Takes] as const
    }),
  )('a line tells of %s, and lines of all that it takes', (endpoint, { params = {}, also = [] }) => {
    const text = textOf(...sections)
    expect(text).toContain(`\`${endpoint}\``)
    // v0 has no pages but by their number.
    for (const parameter of [...Object.keys(params), ...also])
      if (!(sections[0] === 'v0' && parameter === 'limit'))
        expect(text, endpoint).toContain(`\`${parameter}\``)
  })
})

it('tells of every code that a dialect answers', () => {
  const text = textOf('All dialects', 'v1 and v1.1', 'v2')
  for (const code of new Set(Object.values(ostErrorOf).map((error) => error.code)))
    expect(text).toContain(`\`${code}\``)
})

it('tells of every bound in the dialects’ code', async () => {
  const folder = join(ROOT, 'apps/api/dialects')
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.ts'))
  const sectionsOf = (file: string) => {
    if (file.startsWith('ost-v2')) return ['v2', 'All dialects']
    if (/v0-/.test(file)) return ['v0']
    return file.startsWith('ost-v1') ? ['v1 and v1.1'] : ['All dialects']
  }
  let bounds = 0
  for (const file of files) {
    const code = await readFile(join(folder, file), 'utf8')
    for (const [, name, digits = ''] of code.matchAll(
      /const ([A-Z_]*(?:MAX|MIN|DEFAULT|PAGE_SIZE)) = ([\d_]+)$/gm,
    )) {
      bounds += 1
      const number = digits.replaceAll('_', '')
      expect(textOf(...sectionsOf(file)), `${file}: ${name}`).toMatch(new RegExp(`\\b${number}\\b`))
    }
  }
  expect(bounds).toBeGreaterThan(20)
})
