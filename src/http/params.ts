import { Kind, type TInteger, Type, TypeRegistry } from '@sinclair/typebox'
import { invalid } from '../errors.ts'
import { LIST_LIMIT } from '../models.ts'

interface Bounds {
  minimum: number
  maximum: number
}

/**
 * An integer that comes as text, in a path or a query. Elysia's own takes `1e3` and `0x10` too, and what is out of bounds
 * it reports without its name. The document shows it as the integer that it is.
 */
const IntegerText = 'IntegerText'
TypeRegistry.Set<Bounds>(IntegerText, ({ minimum, maximum }, value) => {
  if (typeof value !== 'string' || !/^-?\d{1,16}$/.test(value)) return false
  return Number(value) >= minimum && Number(value) <= maximum
})

function integerText(bounds: Partial<Bounds>, description: string, example: number): TInteger {
  const { minimum = -Number.MAX_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER } = bounds
  const schema = { [Kind]: IntegerText, type: 'integer', minimum, maximum, description, examples: [example] }
  const text = Type.Transform(Type.Unsafe<string>(schema)).Decode(Number).Encode(String)
  // Handlers see what is decoded, but Elysia gives them the type of what came in.
  return text as unknown as TInteger
}

export const integer = (description: string, example: number, minimum?: number, maximum?: number) =>
  Type.Optional(integerText({ minimum, maximum }, description, example))
export const optionalText = (description: string, example: string) =>
  Type.Optional(Type.String({ maxLength: 4096, description, examples: [example] }))
export const idOf = (description: string) => integerText({ minimum: 1 }, description, 1)
export const idParam = Type.Object({ id: idOf('Id of the job') })
/** Children can be asked of the root too. */
export const groupParam = Type.Object({ id: integerText({ minimum: 0 }, 'Id of the group; 0: the root', 1) })
export const runParam = Type.Object({ run: idOf('Id of the run') })
export const limitParam = Type.Optional(
  integerText({ minimum: 1, maximum: LIST_LIMIT }, 'How many at most; default: all', 100),
)

/** Each of `words` has to be one of `known`. */
export function oneOf<T extends string>(field: string, words: readonly string[], known: readonly T[]): T[] {
  return words.map((word) => {
    const found = known.find((each) => each.toLowerCase() === word.trim().toLowerCase())
    if (!found) throw invalid(field, `${field} is '${word}': write one of ${known.join(', ')}.`)
    return found
  })
}
