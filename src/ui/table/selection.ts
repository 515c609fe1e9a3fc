/** What is selected in a list, and how clicks and keys change it: as file managers do. Pure, so that it is tested as tables. */

/** The list as it is shown, by key. */
export interface Lines<K> {
  readonly count: number
  at(index: number): K | undefined
  /** −1: not shown. */
  indexOf(key: K): number
}

export interface Selection<K> {
  keys: ReadonlySet<K>
  /** Where the keyboard is. */
  active: K | undefined
  /** Where a range begins. */
  anchor: K | undefined
}

export const nothing = <K>(): Selection<K> => ({ keys: new Set(), active: undefined, anchor: undefined })

export interface How {
  /** Shift: from the anchor to here. */
  range?: boolean
  /** Ctrl: with what is selected already. */
  add?: boolean
}

export function pick<K>(selection: Selection<K>, lines: Lines<K>, key: K, { range, add }: How): Selection<K> {
  if (range && selection.anchor !== undefined) {
    const from = lines.indexOf(selection.anchor)
    const to = lines.indexOf(key)
    if (from >= 0 && to >= 0) {
      const keys = new Set(add ? selection.keys : [])
      for (let i = Math.min(from, to); i <= Math.max(from, to); i++) keys.add(lines.at(i) as K)
      return { keys, active: key, anchor: selection.anchor }
    }
  }
  if (!add) return { keys: new Set([key]), active: key, anchor: key }
  const keys = new Set(selection.keys)
  if (!keys.delete(key)) keys.add(key)
  return { keys, active: key, anchor: key }
}

/** The keyboard goes somewhere: with Shift it selects up to there, with Ctrl it only goes. */
export function go<K>(selection: Selection<K>, lines: Lines<K>, index: number, { range, add }: How): Selection<K> {
  const key = lines.at(Math.max(0, Math.min(lines.count - 1, index)))
  if (key === undefined) return selection
  if (add && !range) return { ...selection, active: key }
  return pick(selection, lines, key, { range })
}

export function all<K>(selection: Selection<K>, lines: Lines<K>): Selection<K> {
  const keys = new Set<K>()
  for (let i = 0; i < lines.count; i++) keys.add(lines.at(i) as K)
  return { ...selection, keys }
}

/** Without what is not in the list any more. */
export function kept<K>(selection: Selection<K>, lines: Lines<K>): Selection<K> {
  const shown = (key: K | undefined) => (key !== undefined && lines.indexOf(key) >= 0 ? key : undefined)
  const keys = [...selection.keys].filter((key) => lines.indexOf(key) >= 0)
  const active = shown(selection.active)
  if (keys.length === selection.keys.size && active === selection.active) return selection
  return { keys: new Set(keys), active, anchor: shown(selection.anchor) }
}
