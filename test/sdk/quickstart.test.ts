import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newSecret, signatureHeaders } from '#core/webhook/signature.ts'
import { ROOT } from '#scripts/stack/settings.ts'
import { installSdk } from './install-sdk.ts'
import { type Stage, startStage } from './stage.ts'

const run = promisify(execFile)
const TIMEOUT_MS = 240_000

let folder: string
let stage: Stage
let env: NodeJS.ProcessEnv
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ost-quickstart-'))
  stage = await startStage()
  await installSdk(folder)
  env = { ...process.env, OST_API_URL: stage.platform.api.url, OST_API_KEY: await stage.newKey() }
}, 400_000)
afterAll(async () => {
  await stage.platform.close()
  await rm(folder, { recursive: true, force: true })
})

const hasPython = isPresent('python3')
const hasRuby = isPresent('ruby')
const hasPhp = isPresent('php')
const hasJava = isPresent('java')
const hasCurl = isPresent('curl') && isPresent('openssl', 'version') && isPresent('bash')

describe('the quick start', () => {
  it(
    'in TypeScript pays, waits, and tells our webhooks from others',
    async () => {
      const code = `${await codeOf('typescript')}\n${TYPESCRIPT_VERIFY}`
      await writeFile(join(folder, 'quickstart.mts'), code)
      await expectPaid(process.execPath, ['quickstart.mts'])
    },
    TIMEOUT_MS,
  )

  it.skipIf(!hasPython)(
    `in Python does the same${hasPython ? '' : ' (left out: no python3 here)'}`,
    async () => {
      await writeFile(join(folder, 'quickstart.py'), `${await codeOf('python')}\n${PYTHON_VERIFY}`)
      await expectPaid('python3', ['quickstart.py'])
    },
    TIMEOUT_MS,
  )

  it.skipIf(!hasRuby)(
    `in Ruby does the same${hasRuby ? '' : ' (left out: no ruby here)'}`,
    async () => {
      await writeFile(join(folder, 'quickstart.rb'), `${await codeOf('ruby')}\n${RUBY_VERIFY}`)
      await expectPaid('ruby', ['quickstart.rb'])
    },
    TIMEOUT_MS,
  )

  it.skipIf(!hasPhp)(
    `in PHP does the same${hasPhp ? '' : ' (left out: no php here)'}`,
    async () => {
      await writeFile(join(folder, 'quickstart.php'), `${await codeOf('php')}\n${PHP_VERIFY}`)
      await expectPaid('php', ['quickstart.php'])
    },
    TIMEOUT_MS,
  )

  it.skipIf(!hasJava)(
    `in Java does the same${hasJava ? '' : ' (left out: no java here)'}`,
    async () => {
      const code = await codeOf('java')
      await writeFile(
        join(folder, 'QuickStart.java'),
        code.replace('args) throws Exception {', `$&${JAVA_VERIFY}`),
      )
      await expectPaid('java', ['QuickStart.java'])
    },
    TIMEOUT_MS,
  )

  it.skipIf(!hasCurl)(
    `with curl does the same${hasCurl ? '' : ' (left out: no curl, openssl or bash here)'}`,
    async () => {
      await writeFile(join(folder, 'quickstart.sh'), `set -e\n${await codeOf('curl')}\n${CURL_VERIFY}`)
      await expectPaid('bash', ['quickstart.sh'])
    },
    TIMEOUT_MS,
  )
})

/** Runs it, and finds on the platform what it says that it did. */
async function expectPaid(command: string, args: string[]): Promise<void> {
  const { ost } = stage
  const before = await ost.users.list({ name_prefix: 'Bob', limit: 100 })
  const secret = newSecret()
  const body = JSON.stringify({ id: 'evt_1', type: 'webhook.test', data: { note: 'ünïcode' } })
  const headers = signatureHeaders([newSecret(), secret], { id: 'evt_1', at: new Date(), body })
  const webhook = { WEBHOOK_BODY: body, WEBHOOK_SECRET: secret, WEBHOOK_OTHER_SECRET: newSecret() }
  const sent = {
    WEBHOOK_ID: headers['webhook-id'],
    WEBHOOK_TIMESTAMP: headers['webhook-timestamp'],
    WEBHOOK_SIGNATURE: headers['webhook-signature'],
  }
  const { stdout } = await run(command, args, { cwd: folder, env: { ...env, ...webhook, ...sent } })
  expect(stdout).toMatch(/\b(mined|confirmed)\b/)
  expect(stdout).toContain('webhook: ours\n')
  expect(stdout).toContain('webhook: refused\n')
  const known = new Set(before.data.map(({ id }) => id))
  const after = await ost.users.list({ name_prefix: 'Bob', limit: 100 })
  const [bob, ...others] = after.data.filter(({ id }) => !known.has(id))
  if (!bob || others.length > 0) throw new Error('it creates one Bob')
  expect((await ost.balances.get(bob.id)).settled).toBe('2000000000000000000')
}

/** The page's first block of code. */
async function codeOf(page: string): Promise<string> {
  const text = await readFile(join(ROOT, `docs/quickstart/${page}.md`), 'utf8')
  const code = /```\w+\n(.*?)```/s.exec(text)?.[1]
  if (code === undefined) throw new Error(`${page}.md has code`)
  return code
}

function isPresent(command: string, flag = '--version'): boolean {
  return spawnSync(command, [flag]).status === 0
}

const TYPESCRIPT_VERIFY = `
const { WEBHOOK_BODY, WEBHOOK_ID, WEBHOOK_TIMESTAMP, WEBHOOK_SIGNATURE } = process.env as Record<string, string>
for (const secret of [process.env.WEBHOOK_SECRET, process.env.WEBHOOK_OTHER_SECRET] as string[]) {
  const headers = { 'webhook-id': WEBHOOK_ID!, 'webhook-timestamp': WEBHOOK_TIMESTAMP!, 'webhook-signature': WEBHOOK_SIGNATURE! }
  const request = new Request('http://localhost/', { method: 'POST', body: WEBHOOK_BODY!, headers })
  await receive(request, secret).then((event) => console.log(event.id && 'webhook: ours'), () => console.log('webhook: refused'))
}
`

const PYTHON_VERIFY = `
received = {f"webhook-{name}": os.environ[f"WEBHOOK_{name.upper()}"] for name in ("id", "timestamp", "signature")}
for secret in (os.environ["WEBHOOK_SECRET"], os.environ["WEBHOOK_OTHER_SECRET"]):
    try:
        assert verify(os.environ["WEBHOOK_BODY"].encode(), received, secret)["id"] == "evt_1"
        print("webhook: ours")
    except ValueError:
        print("webhook: refused")
`

const RUBY_VERIFY = `
received = %w[id timestamp signature].to_h { |name| ["webhook-#{name}", ENV.fetch("WEBHOOK_#{name.upcase}")] }
[ENV.fetch("WEBHOOK_SECRET"), ENV.fetch("WEBHOOK_OTHER_SECRET")].each do |secret|
  raise "another event" unless verify(ENV.fetch("WEBHOOK_BODY"), received, secret)["id"] == "evt_1"
  puts "webhook: ours"
rescue ArgumentError
  puts "webhook: refused"
end
`

const PHP_VERIFY = `
foreach (['id', 'timestamp', 'signature'] as $name) $received["webhook-$name"] = getenv('WEBHOOK_' . strtoupper($name));
foreach ([getenv('WEBHOOK_SECRET'), getenv('WEBHOOK_OTHER_SECRET')] as $secret) {
    try {
        if (verify(getenv('WEBHOOK_BODY'), $received, $secret)['id'] !== 'evt_1') throw new RuntimeException('another event');
        echo "webhook: ours\\n";
    } catch (InvalidArgumentException) {
        echo "webhook: refused\\n";
    }
}
`

const JAVA_VERIFY = `
        var env = System.getenv();
        for (String secret : new String[] {env.get("WEBHOOK_SECRET"), env.get("WEBHOOK_OTHER_SECRET")})
            System.out.println("webhook: " + (isOurs(env.get("WEBHOOK_BODY").getBytes("UTF-8"), env.get("WEBHOOK_ID"),
                env.get("WEBHOOK_TIMESTAMP"), env.get("WEBHOOK_SIGNATURE"), secret) ? "ours" : "refused"));
`

const CURL_VERIFY = `
for SECRET in "$WEBHOOK_SECRET" "$WEBHOOK_OTHER_SECRET"; do
  if printf %s "$WEBHOOK_BODY" | verify "$WEBHOOK_ID" "$WEBHOOK_TIMESTAMP" "$WEBHOOK_SIGNATURE" "$SECRET"; then echo "webhook: ours"; else echo "webhook: refused"; fi
done
`
