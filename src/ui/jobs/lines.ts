/** The tree as the lines of a table: ids in order, with the children of open groups below them. Pure. */
import type { Lines } from '../table/selection.ts'

export interface JobLines extends Lines<number> {
  /** 0 for those of the list itself. */
  depthAt(index: number): number
  /** The line of the group that a line is in; −1: none that is shown. */
  parentOf(index: number): number
}

/** `childrenOf` answers undefined for groups that are closed, or not known yet. */
export function flatten(top: readonly number[], childrenOf: (id: number) => readonly number[] | undefined): JobLines {
  const ids: number[] = []
  const depths: number[] = []
  const stack: { list: readonly number[]; at: number }[] = [{ list: top, at: 0 }]
  for (let level = stack.at(-1); level; level = stack.at(-1)) {
    const id = level.list[level.at++]
    if (id === undefined) {
      stack.pop()
      continue
    }
    ids.push(id)
    depths.push(stack.length - 1)
    const children = childrenOf(id)
    if (children && children.length > 0) stack.push({ list: children, at: 0 })
  }
  let places: Map<number, number> | undefined
  return {
    count: ids.length,
    at: (index) => ids[index],
    depthAt: (index) => depths[index] ?? 0,
    indexOf(id) {
      // Most tables are only looked at: a map of 100,000 is made when somebody selects.
      places ??= new Map(ids.map((each, index) => [each, index]))
      return places.get(id) ?? -1
    },
    parentOf(index) {
      const depth = depths[index] ?? 0
      for (let i = index - 1; i >= 0 && depth > 0; i--) if ((depths[i] ?? 0) < depth) return i
      return -1
    },
  }
}

export const NO_LINES = flatten([], () => undefined)
