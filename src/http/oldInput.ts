/**
 * What Coalition's Python module and the scripts around it send, put into the form that `rest_api.rst` shows: null for
 * nothing, dependencies as a text. Runs before the body is checked.
 */
export function mendJobInput(input: unknown): void {
  if (!isObject(input)) return
  for (const [name, value] of Object.entries(input)) if (value === null) delete input[name]
  if (typeof input.dependencies === 'string') input.dependencies = idsIn(input.dependencies)
}

export function mendJobEdits(edits: unknown): void {
  if (isObject(edits)) for (const edit of Object.values(edits)) mendJobInput(edit)
}

/** Ids in any text: "21 22 23", "21,22,23", "[21, 22]". */
export const idsIn = (text: string): number[] => (text.match(/\d+/g) ?? []).map(Number)

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
