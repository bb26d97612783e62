import { Command, Option } from 'commander'
import { type CommonOptions, openSession, type Session } from './session.ts'
import type { Terminal } from './terminal.ts'

/** What a command works with. */
export interface Context {
  terminal: Terminal
  session: Session
  /** Shows a result: as JSON where that was asked for, else as the text for people. */
  show: (value: unknown, text: string) => void
}

interface Definition<Arguments extends string[], Options> {
  name: string
  description: string
  /** `control`: the tenant's administration · `data`: inside one economy · `platform`: the operator's. */
  plane: 'control' | 'data' | 'platform'
  arguments?: readonly [name: string, description: string][]
  options?: readonly Option[]
  examples: readonly string[]
  run(context: Context, options: Options, ...args: Arguments): Promise<void>
}

const CONNECTION = 'Connection:'

/** A command that ends somewhere, with the options that all of them have. */
export function leaf<Options = Record<never, never>, Arguments extends string[] = string[]>(
  terminal: Terminal,
  definition: Definition<Arguments, Options>,
): Command {
  const command = new Command(definition.name).description(definition.description)
  for (const [name, description] of definition.arguments ?? []) command.argument(name, description)
  for (const option of definition.options ?? []) command.addOption(option)
  for (const option of commonOptions(definition.plane)) command.addOption(option)
  command.addHelpText('after', examplesText(definition.examples))
  return command.action(async (...received: unknown[]) => {
    // Commander hands over the arguments, then the options, then the command itself.
    const options = received.at(-2) as Options & CommonOptions
    const args = received.slice(0, -2) as Arguments
    const session = await openSession(terminal, options)
    const show = (value: unknown, text: string) =>
      terminal.out(options.json === true ? JSON.stringify(value, null, 2) : text)
    try {
      await definition.run({ terminal, session, show }, options, ...args)
    } finally {
      await session.close()
    }
  })
}

/** A command that only has commands below it. */
export function group(
  name: string,
  description: string,
  commands: readonly Command[],
  examples: readonly string[],
): Command {
  const command = new Command(name).description(description)
  for (const child of commands) command.addCommand(child)
  return command.addHelpText('after', examplesText(examples))
}

export function option(flags: string, description: string): Option {
  return new Option(flags, description)
}

export function required(flags: string, description: string): Option {
  return new Option(flags, description).makeOptionMandatory()
}

/** The options of every command on a plane. */
export function commonOptions(plane: 'control' | 'data' | 'platform'): Option[] {
  const url = new Option(
    '--api-url <url>',
    'where the API is (else OST_API_URL, else the stack on this machine)',
  )
  const key = new Option(
    '--api-key <key>',
    'the key to use (else OST_API_KEY, else the demo key on this machine)',
  )
  const economy = new Option('--economy <id>', 'the economy, where the key serves several (else OST_ECONOMY)')
  const json = new Option('--json', 'print the result as JSON')
  const connection = [url, ...(plane === 'platform' ? [] : [key]), ...(plane === 'data' ? [economy] : [])]
  return [json, ...connection.map((one) => one.helpGroup(CONNECTION))]
}

export function examplesText(examples: readonly string[]): string {
  return `\nExamples:\n${examples.map((example) => `  $ npm run ost -- ${example}`).join('\n')}\n`
}
