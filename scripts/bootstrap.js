/**
 * What every npm script starts with. Plain JavaScript without packages, because on a fresh machine there is only an
 * older Node: it checks the machine, installs what the lockfile says, and hands over to Node 24.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const MODULES = join(ROOT, 'node_modules')
const NODE = join(MODULES, 'node/bin/node')
const STAMP = join(MODULES, '.ost-kit-lock')
const INSTALL_LOCK = join(ROOT, '.local/install.lock')

const NODE_MAJOR_MIN = 20
const PLATFORMS = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64']
const INSTALL_WAIT_MS = 15 * 60_000
const POLL_MS = 200
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024

/** @type {Record<string, string>} */
const COMMANDS = {
  start: 'scripts/start.ts',
  test: 'scripts/test.ts',
  'test:simulator': 'test/simulator/main.ts',
  check: 'scripts/check.ts',
  reset: 'scripts/reset.ts',
  ost: 'apps/cli/main.ts',
  simulate: 'scripts/simulate/main.ts',
  bench: 'scripts/bench.ts',
  'test:faults': 'scripts/test-faults.ts',
}

/** These must run even when the sources do not compile, or need nothing compiled. */
const WITHOUT_GENERATED = ['reset']

const [command = '', ...args] = process.argv.slice(2)
const target = COMMANDS[command]
if (target === undefined)
  fail(`"${command}" is not a command: use one of ${Object.keys(COMMANDS).join(', ')}.`)
checkMachine()
if (!existsSync(join(ROOT, target))) fail(`npm run ${command} does not exist yet: ${target} is missing.`)
await install()
if (!WITHOUT_GENERATED.includes(command)) generate()
handOver(join(ROOT, target), args)

function checkMachine() {
  const platform = `${process.platform}-${process.arch}`
  if (!PLATFORMS.includes(platform)) {
    fail(
      `OST KIT has no binaries for ${platform}: run it on ${PLATFORMS.join(', ')}, or in a container of those.`,
    )
  }
  const major = Number(process.versions.node.split('.')[0])
  if (major < NODE_MAJOR_MIN) {
    fail(`Node ${process.versions.node} is too old to start with: install Node ${NODE_MAJOR_MIN} or newer.`)
  }
}

async function install() {
  if (isInstalled()) return
  await takeInstallLock()
  try {
    if (!isInstalled()) installPackages()
  } finally {
    rmSync(INSTALL_LOCK, { force: true })
  }
}

function isInstalled() {
  return existsSync(NODE) && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === lockHash()
}

function installPackages() {
  const startedAt = Date.now()
  process.stderr.write('· packages: npm ci …\n')
  const clean = npm(['ci'])
  // A lockfile made where the registry lacks the binaries of other platforms is refused by `npm ci` as incomplete.
  // `npm install` takes every version from it all the same, and `--no-save` leaves it as it is.
  const isIncomplete = clean.status !== 0 && clean.output.includes('Missing: ')
  const { status, output } = isIncomplete ? npm(['install', '--no-save']) : clean
  if (status !== 0) {
    process.stderr.write(output)
    fail('The packages could not be installed: npm says above why; correct that and start again.')
  }
  ensureNode()
  writeFileSync(STAMP, lockHash())
  process.stderr.write(`✓ packages installed in ${((Date.now() - startedAt) / 1000).toFixed(1)} s\n`)
}

/** @param {string[]} args */
function npm(args) {
  const { command, args: npmArgs } = npmCommand()
  const flags = ['--no-audit', '--no-fund', '--loglevel=error']
  const { status, error, stdout, stderr } = spawnSync(command, [...npmArgs, ...args, ...flags], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: OUTPUT_BYTES_MAX,
  })
  if (error !== undefined) fail(`npm could not be started (${error.message}): install npm 10 or newer.`)
  return { status, output: `${stdout}${stderr}` }
}

/** The npm that runs us, else the one on PATH. */
function npmCommand() {
  const script = process.env['npm_execpath']
  if (script?.endsWith('.js')) return { command: process.execPath, args: [script] }
  return { command: 'npm', args: [] }
}

/** An npm that was told to run no install scripts leaves the `node` package without its binary. */
function ensureNode() {
  if (existsSync(NODE)) return
  spawnSync(process.execPath, ['installArchSpecificPackage'], {
    cwd: join(MODULES, 'node'),
    stdio: ['ignore', 2, 2],
  })
  if (!existsSync(NODE)) {
    fail('npm installed no Node 24: allow the install script of the package "node" and start again.')
  }
}

/** Two commands started at once on a fresh checkout must not both write node_modules. */
async function takeInstallLock() {
  mkdirSync(dirname(INSTALL_LOCK), { recursive: true })
  const deadline = Date.now() + INSTALL_WAIT_MS
  for (;;) {
    try {
      writeFileSync(INSTALL_LOCK, String(process.pid), { flag: 'wx' })
      return
    } catch {
      if (!isHeld()) rmSync(INSTALL_LOCK, { force: true })
      else if (Date.now() > deadline)
        fail(`Another command has been installing for too long: remove ${INSTALL_LOCK}.`)
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
  }
}

function isHeld() {
  try {
    const holder = Number(readFileSync(INSTALL_LOCK, 'utf8'))
    // 0 and NaN: it is being written this moment.
    return !(holder > 0) || process.kill(holder, 0)
  } catch {
    return false
  }
}

function lockHash() {
  return createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex')
}

function generate() {
  const { status } = spawnSync(NODE, [join(ROOT, 'scripts/prepare.ts')], {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
  })
  if (status !== 0) fail('The generated sources could not be made: the message is above.')
}

/** Runs the command on Node 24 and ends as it ends. Its channel to us closes when we die, which tells it to stop. */
function handOver(script, scriptArgs) {
  const child = spawn(NODE, [script, ...scriptArgs], {
    cwd: ROOT,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  stopWithParent(() => child.kill('SIGTERM'))
  child.on('error', (error) => fail(`Node 24 could not be started: ${error.message}.`))
  child.on('exit', (code, signal) => {
    process.exit(code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 0))
  })
}

/**
 * npm starts us through a shell, and passes SIGTERM on to that shell only, which dies of it without telling us.
 * @param {() => void} stop
 */
function stopWithParent(stop) {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    stop()
  }, POLL_MS)
  timer.unref()
}

/** @returns {never} */
function fail(sentence) {
  process.stderr.write(`${sentence}\n`)
  process.exit(1)
}
