/** How reasons are worded. */
import type { Why, WhyReason } from '../answers.ts'
import type { Resources } from '../domain/usage.ts'

/** Ids, names and sets named in one reason; more are counted. */
export const MOST_NAMED = 20

export const why = (state: Why['state'], reasons: WhyReason[]): Why => ({
  state,
  text: reasons.map((reason) => reason.text).join(' ') || 'Nothing holds it: a worker takes it as soon as one asks.',
  reasons,
})

/** `a`, `a and b`, `a, b and c`; undefined when there is nothing to name. */
export function list(names: readonly string[]): string | undefined {
  if (names.length < 2) return names[0]
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

export const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

/** What is asked for, or taken, of a machine. */
export const asked = ({ memory, cores, gpus }: Resources): string =>
  list(
    [memory > 0 && `${memory} MB`, cores > 0 && counted(cores, 'core'), gpus > 0 && counted(gpus, 'GPU')].filter(
      (text) => text !== false,
    ),
  ) ?? 'nothing'
