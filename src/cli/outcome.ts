/** How a command ends: the exit codes that scripts rely on, and the one sentence for a person. */
import { CommanderError } from '@commander-js/extra-typings'
import { Refused, Unreachable, whyUnreachable } from '../client.ts'
import { ConfigError } from '../config.ts'

export const EXIT = { ok: 0, failed: 1, usage: 2, timeout: 3 } as const

/** Ends the command with this code; without a sentence nothing more is printed. */
export class Exit extends Error {
  constructor(
    readonly code: number,
    sentence = '',
  ) {
    super(sentence)
    this.name = 'Exit'
  }
}

export const failed = (sentence: string): Exit => new Exit(EXIT.failed, sentence)
export const wrongUsage = (sentence: string): Exit => new Exit(EXIT.usage, sentence)

export interface Outcome {
  code: number
  sentence: string
}

export function outcomeOf(error: unknown): Outcome {
  if (error instanceof Exit) return { code: error.code, sentence: error.message }
  // Commander has printed its own sentence, or the help that was asked for.
  if (error instanceof CommanderError) return { code: error.exitCode === 0 ? EXIT.ok : EXIT.usage, sentence: '' }
  if (error instanceof ConfigError) return { code: EXIT.usage, sentence: error.message }
  if (error instanceof Refused) {
    // A bare number is a place in the list of ids that this program sent: the message itself names the id.
    const named = error.field && !/^\d+$/.test(error.field) && !error.message.includes(error.field)
    const place = named ? `${error.field}: ` : ''
    return { code: EXIT.failed, sentence: place + error.message }
  }
  if (error instanceof Unreachable) {
    return {
      code: EXIT.failed,
      sentence: `${whyUnreachable(error)}: is \`coalition serve\` running there? Name another server with --server or COALITION_URL`,
    }
  }
  return { code: EXIT.failed, sentence: error instanceof Error ? error.message : String(error) }
}

/** One line on stderr; the stack only for who asks for it, an artist has no use for it. */
export function report(error: unknown): number {
  const { code, sentence } = outcomeOf(error)
  if (sentence) console.error(`coalition: ${sentence.replaceAll(/\s*\n\s*/g, ' ')}`)
  if (code !== EXIT.ok && process.env.COALITION_DEBUG === '1' && error instanceof Error) console.error(error.stack)
  return code
}
