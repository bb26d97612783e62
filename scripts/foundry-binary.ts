import { createRequire } from 'node:module'

/**
 * Path of forge's or anvil's own binary, in the package for this platform that npm picked. Their npm launchers will not do:
 * they end with success whatever the program says, and do not pass signals on.
 */
export function foundryBinary(tool: 'forge' | 'anvil'): string {
  const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`
  try {
    return createRequire(import.meta.url).resolve(`@foundry-rs/${tool}-${platform}/bin/${tool}`)
  } catch (cause) {
    const advice = tool === 'anvil' ? ': set CHAINS to chains of your own' : ''
    throw new Error(`There is no ${tool} for ${platform}${advice}.`, { cause })
  }
}
