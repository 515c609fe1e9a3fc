import type { Tx } from './core.ts'

/**
 * `decrease_priority_after`, as Coalition's configuration meant it: when so many children of a group have come to be in
 * ERROR, its priority goes down by one, once each time, and never below 0. What fails makes room for what does not.
 */
export function lowerPriorities({ tree, rows, policy }: Tx): void {
  const { errorsBefore } = tree
  const { decreasePriorityAfter: after } = policy
  if (errorsBefore.size === 0) return
  for (const [group, before] of errorsBefore) {
    if (after === 0 || before >= after || group.errors < after || group.id === 0 || group.priority <= 0) continue
    const priority = group.priority - 1
    rows.setPriority.run({ id: group.id, priority })
    tree.change(group, { priority })
  }
  errorsBefore.clear()
}
