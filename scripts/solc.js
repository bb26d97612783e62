#!/usr/bin/env node
/**
 * The Solidity compiler from npm behind the command line forge expects, so that no native compiler is downloaded.
 * Plain JavaScript without dependencies of ours: forge may start it with whichever Node is installed.
 */
import { readFileSync, writeSync } from 'node:fs'

const { default: solc } = await import('solc')

if (process.argv.includes('--version')) {
  write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`)
} else {
  write(solc.compile(readFileSync(0, 'utf8')))
}

/** Writes synchronously in a loop: an asynchronous write to a pipe is cut at 64 KiB when the process ends. */
function write(text) {
  const bytes = Buffer.from(text)
  for (let offset = 0; offset < bytes.length; ) {
    try {
      offset += writeSync(1, bytes, offset)
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error
    }
  }
}
