/** Regular expressions of users, in RE2: its time is linear in the text, whatever they are. */
import { RE2JS } from 're2js'
import { invalid } from '../errors.ts'

const CACHE_SIZE = 256

/** Keeps what was made of the last 256 different texts. */
export function cached<T>(make: (source: string, field: string) => T): (source: string, field: string) => T {
  const cache = new Map<string, T>()
  return (source, field) => {
    const known = cache.get(source)
    if (known !== undefined) return known
    const made = make(source, field)
    if (cache.size >= CACHE_SIZE) cache.delete(cache.keys().next().value as string)
    cache.set(source, made)
    return made
  }
}

/** Throws an `invalid` FarmError for what RE2 cannot take: look-arounds and back-references. */
export function compilePattern(expression: string, field: string, { said = expression, more = '' } = {}): RE2JS {
  try {
    return RE2JS.compile(expression)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw invalid(
      field,
      `'${said}' is not a regular expression that can be used (${why}): write one without look-arounds and back-references${more}.`,
    )
  }
}

export const linePattern = cached((source, field) => compilePattern(source, field))
