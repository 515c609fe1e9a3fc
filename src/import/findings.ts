/** What an import could not take over as it was: counted, with the first of each kind by name. */

/** In the order in which a person wants to know. A number stands behind each, and the first of them below. */
const KINDS = {
  orphan: 'Jobs whose group is gone are in a paused group of their own now, "Lost and found"',
  loop: 'Groups that were below themselves are in the paused group "Lost and found"',
  command: 'Jobs with a command that held other jobs are groups now, without the command',
  counters: 'Counters that did not add up were counted anew',
  circle: 'Dependencies that closed a circle are dropped, as the jobs would have waited for ever',
  gone: 'Dependencies on jobs that are gone, which held nothing back, are dropped',
  working: 'Jobs that were running wait, and run again',
  state: 'Jobs in a state that does not exist wait',
  pattern: 'Progress patterns that cannot be used here are empty, which stands for PROGRESS:%percent',
  affinity: 'Affinities that could not keep their name',
  worker: 'Workers whose name cannot be used are left out',
  open: 'Runs that never got an end read LOST',
  id: 'Rows whose id is no number from 1 up are left out',
  log: 'Logs of jobs that are gone are left behind',
  unreadable: 'Logs that could not be read are left behind',
} as const
export type FindingKind = keyof typeof KINDS

export interface Finding {
  kind: FindingKind
  count: number
  text: string
  examples: string[]
}

const EXAMPLES = 20
/** Of a text that somebody typed. */
const EXAMPLE_LENGTH = 160

export class Findings {
  #found = new Map<FindingKind, { count: number; examples: string[] }>()

  note(kind: FindingKind, example: string): void {
    const found = this.#found.get(kind) ?? { count: 0, examples: [] }
    this.#found.set(kind, found)
    found.count += 1
    if (found.examples.length < EXAMPLES) found.examples.push(example.slice(0, EXAMPLE_LENGTH))
  }

  has = (kind: FindingKind): boolean => this.#found.has(kind)

  list(): Finding[] {
    return (Object.keys(KINDS) as FindingKind[]).flatMap((kind) => {
      const found = this.#found.get(kind)
      return found ? [{ kind, text: KINDS[kind], ...found }] : []
    })
  }
}
