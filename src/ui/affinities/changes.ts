/** What changed in the numbered names, and what that does. Pure. */
import type { Affinities } from '../../models.ts'

/** Of what was typed, what is otherwise than it was. */
export const changesOf = (before: Affinities, typed: Affinities): Affinities =>
  Object.fromEntries(Object.entries(typed).filter(([number, name]) => name.trim() !== (before[number] ?? '')))

/** In sentences; none: nothing that is there is touched. */
export function consequences(before: Affinities, changes: Affinities): string[] {
  const renamed: string[] = []
  const freed: string[] = []
  for (const [number, name] of Object.entries(changes)) {
    const was = before[number]
    if (!was) continue
    if (name.trim() === '') freed.push(`${was} (${number})`)
    else renamed.push(`${was} becomes ${name.trim()}`)
  }
  return [
    ...(renamed.length > 0 ? [`${list(renamed)}, on all jobs and workers.`] : []),
    ...(freed.length > 0
      ? [
          `${list(freed)} ${freed.length === 1 ? 'loses its number' : 'lose their numbers'}; jobs and workers keep the ${freed.length === 1 ? 'name' : 'names'}.`,
        ]
      : []),
  ]
}

const list = (parts: readonly string[]) =>
  parts.length === 1 ? parts[0] : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
