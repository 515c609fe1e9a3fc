/** What a filter found, with the groups that lead there: the tree with all else left out. Pure. */

export interface Found<Key> {
  id: number
  parent: number
  key: Key
}

export interface FoundTree {
  /** Each group before those below it. */
  ids: number[]
  /** Of each, the group that it is in. */
  parents: number[]
  /** Those that did not pass themselves. */
  through: number[]
}

/** The groups between `top` and what was found that were not found themselves. */
export function waysTo(found: readonly Found<unknown>[], top: number, parentOf: (id: number) => number): Set<number> {
  const known = new Set(found.map(({ id }) => id))
  const ways = new Set<number>()
  for (const { parent } of found)
    for (let id = parent; id !== top && !known.has(id) && !ways.has(id); id = parentOf(id)) ways.add(id)
  return ways
}

/** Depth first, in the order of the rows, which is that of siblings everywhere. */
export function treeOf(rows: readonly Found<unknown>[], top: number, ways: ReadonlySet<number>): FoundTree {
  const children = Map.groupBy(rows, ({ parent }) => parent)
  const tree: FoundTree = { ids: [], parents: [], through: [...ways] }
  const stack = [{ list: children.get(top) ?? [], at: 0 }]
  for (let level = stack.at(-1); level; level = stack.at(-1)) {
    const row = level.list[level.at++]
    if (!row) {
      stack.pop()
      continue
    }
    tree.ids.push(row.id)
    tree.parents.push(row.parent)
    const below = children.get(row.id)
    if (below) stack.push({ list: below, at: 0 })
  }
  return tree
}
