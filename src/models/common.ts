import { type TProperties, Type } from '@sinclair/typebox'

export const MAX_ID = Number.MAX_SAFE_INTEGER
/** Text that a person types; longer is refused so that one job cannot fill the memory of a list. */
export const TEXT_LIMIT = 4096
/** Commands and environments can be generated, and are long sometimes. */
export const SCRIPT_LIMIT = 256 * 1024
/** How many things one call may name. */
export const LIST_LIMIT = 100_000

/** Says in the document what a column means. */
export const noted = <T extends TProperties>(
  properties: T,
  notes: { [K in keyof T]?: readonly [description: string, example?: unknown] },
): T =>
  Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => {
      const [description, example] = notes[name] ?? []
      return [
        name,
        { ...schema, ...(description && { description }), ...(example !== undefined && { examples: [example] }) },
      ]
    }),
  ) as T

export const Id = Type.Integer({ minimum: 1, maximum: MAX_ID, description: 'Id of a job', examples: [1] })
/** A key of a map: TypeBox's own pattern stops at a line break, and lets anything be the value of a key that has one. */
export const AnyKey = Type.String({ pattern: '^[\\s\\S]*$' })

export const WorkerName = Type.String({
  minLength: 1,
  maxLength: 255,
  // The length again: as a key of a map, the pattern is all that is checked.
  pattern: '^[^\\u0000-\\u001f\\u007f]{1,255}$',
  description: 'Name of a worker: no control characters',
  examples: ['worker-1'],
})

export const optional = <T extends TProperties>(properties: T) => Type.Partial(Type.Object(properties)).properties
