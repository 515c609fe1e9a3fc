/** What a record says, in a line. Pure. */
import type { AuditRecord } from '../../models.ts'

const MOST_NAMED = 3

export const whoOf = ({ who, actor }: AuditRecord): string => who || actor

export const actionOf = ({ action, outcome, times }: AuditRecord): string =>
  outcome === 'done' ? action : `${action} refused${times > 1 ? ` ${times} times` : ''}`

export function objectsOf({ objects, count, kind }: AuditRecord): string {
  const named = objects.slice(0, MOST_NAMED).join(', ')
  const more = count > MOST_NAMED ? ` and ${count - MOST_NAMED} more` : ''
  // Of some there is one on a farm, which is called what it is: the server.
  if (objects.length === 0 || named === kind) return named
  return `${kind} ${named}${more}`
}

type Change = AuditRecord['changes'][number]

/** `priority: 5 → 9` */
export function changeText({ field, before, after }: Change): string {
  // A start of the server tells all its settings, also those that are as they were.
  if (before === null || before === after) return `${field}: ${after ?? ''}`
  return after === null ? `${field}: ${before} is gone` : `${field}: ${before || '(empty)'} → ${after || '(empty)'}`
}

export const changesOf = ({ changes }: AuditRecord): string => changes.map(changeText).join('; ')
