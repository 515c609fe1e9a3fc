/** From a job to what the system's shell gets: variables, drive letters, directory, `runcommand`. Pure. */
import { type Environment, lookup, parseEnvironment, withPairs } from '../environment.ts'
import { FarmError } from '../errors.ts'
import type { Assignment } from '../protocol.ts'
import { fillTemplate } from './shell.ts'

/** More than any person nests; a name that refers to itself gets here in a millisecond. */
const MAX_PASSES = 100
/** Four times the longest command that the server takes. Values that double each other reach it before they fill the memory. */
const MAX_EXPANDED = 1024 * 1024

/** `$(NAME)`; `$(ProgramFiles(x86))` is a name too. `$(date +%F)` is none, and is left to the shell. */
const REFERENCE = /\$\(([A-Za-z_]\w*(?:\(\w+\))?)\)/g

export interface Prepared {
  command: string
  dir: string
  environment: Environment
  /** What the run's log has to say before the command's own output. */
  notes: string[]
}

export interface Surroundings {
  platform: string
  /** The worker's own environment. */
  base: Environment
  /** `COALITION_JOB` and its like: on top of the job's pairs, so that they are always true. */
  added: Environment
  runcommand?: string
}

/** Throws a FarmError when the command cannot be made. */
export function prepare(job: Assignment['job'], { platform, base, added, runcommand }: Surroundings): Prepared {
  const { pairs, ignored } = parseEnvironment(job.environment)
  const environment = withPairs(withPairs(base, pairs, platform), Object.entries(added), platform)
  const notes = ignored.map((line) => `the environment has a line that is no KEY=value, ignored: ${line}`)
  const missing = new Set<string>()
  const values = lookup(environment, platform)
  const value = (name: string) => {
    const found = values(name)
    if (found === undefined) missing.add(name)
    return found ?? ''
  }
  const command = expand('command', job.command, value, platform)
  const expandedDir = expand('dir', job.dir.trim() || '.', value, platform)
  const dir = platform === 'win32' ? expandedDir : expandedDir.replaceAll('\\', '/')
  for (const name of missing) notes.push(`$(${name}) is not in the environment: replaced by nothing`)
  return {
    command: runcommand ? fillTemplate(runcommand, { user: job.user, dir, cmd: command }, platform) : command,
    dir: dir || '.',
    environment,
    notes,
  }
}

/**
 * Replaces again and again until nothing is left. A drive letter may also come out of a variable (`SHOT=P:/010`), so
 * that too is looked for in every pass.
 */
export function expand(
  field: 'command' | 'dir',
  text: string,
  value: (name: string) => string | undefined,
  platform: string,
): string {
  let current = text
  for (let pass = 0; pass < MAX_PASSES; pass += 1) {
    const mapped = platform === 'win32' ? current : mapDrive(current)
    const next = expandOnce(field, mapped, value)
    if (next === current && next.search(REFERENCE) < 0) return current
    current = next
  }
  throw new FarmError(
    'invalid',
    `the ${field} still holds $(…) after ${MAX_PASSES} rounds of replacing: ${excerpt(current)}. A variable refers to itself; change the environment`,
    field,
  )
}

function expandOnce(field: string, text: string, value: (name: string) => string | undefined): string {
  let size = text.length
  return text.replace(REFERENCE, (reference: string, name: string) => {
    const replacement = value(name) ?? ''
    size += replacement.length - reference.length
    if (size > MAX_EXPANDED) {
      throw new FarmError(
        'too_large',
        `the ${field} grows past ${MAX_EXPANDED} characters when ${reference} is replaced: shorten the variable`,
        field,
      )
    }
    return replacement
  })
}

/**
 * Leading: the first thing in the text, behind white space or an opening quote (`"X:/tools/render" -f 1`). A letter and
 * colon further on may be anything (`http://`, `-o:`), and is the submitter's business.
 */
export const mapDrive = (text: string): string =>
  text.replace(/^(\s*["']?)([A-Za-z]):/, (_, before: string, letter: string) => {
    return `${before}$(${letter.toUpperCase()}_DRIVE)`
  })

const excerpt = (text: string) => (text.length > 80 ? `${text.slice(0, 80)}…` : text)
