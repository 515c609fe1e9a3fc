import { t } from 'elysia'
import { invalid } from '../errors.ts'
import { LIST_LIMIT } from '../models.ts'

/** Path and query are text: Elysia's own types read numbers from it (TypeBox's do not). */
const SAFE = { maximum: Number.MAX_SAFE_INTEGER }

export const integer = (description: string, minimum = -Number.MAX_SAFE_INTEGER) =>
  t.Optional(t.Integer({ ...SAFE, minimum, description }))
export const optionalText = (description: string) => t.Optional(t.String({ maxLength: 4096, description }))
export const idParam = t.Object({ id: t.Integer({ ...SAFE, minimum: 1, description: 'Id of the job', examples: [1] }) })
export const limitParam = t.Optional(
  t.Integer({ minimum: 1, maximum: LIST_LIMIT, description: 'How many at most; default: all', examples: [100] }),
)

/** Each of `words` has to be one of `known`. */
export function oneOf<T extends string>(field: string, words: readonly string[], known: readonly T[]): T[] {
  return words.map((word) => {
    const found = known.find((each) => each.toLowerCase() === word.trim().toLowerCase())
    if (!found) throw invalid(field, `${field} is '${word}': write one of ${known.join(', ')}.`)
    return found
  })
}
