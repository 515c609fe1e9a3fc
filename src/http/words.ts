import type { TSchema } from '@sinclair/typebox'
import { type ValueError, ValueErrorType } from '@sinclair/typebox/errors'
import { type FarmError, invalid } from '../errors.ts'

const LONGEST_SHOWN = 80

/** What does not fit, as an error that says where, what it is, and what belongs there. `whole` is the value that was checked. */
export function misfit(error: ValueError | undefined, whole: unknown, part = 'body'): FarmError {
  if (!error) return invalid(part, `${part} does not have the right shape: /docs shows it.`)
  const { path, type, value, schema } = error
  const { field, place } = placeOf(path, whole, part)
  if (type === ValueErrorType.ObjectAdditionalProperties) return invalid(field, strange(place, path, schema))
  // A password that was sent in the wrong shape would stand in logs of clients.
  const said = schema.confidential ? 'is not right' : `is ${shown(value)}`
  const found = value === undefined ? 'is missing' : said
  return invalid(field, `${place} ${tooLong(type, value, schema) ?? found}: ${remedy(schema, value)}.`)
}

/** `/1/title` is the field `1.title`; a number in a list reads as an item of it. */
function placeOf(path: string, whole: unknown, part: string): { field: string; place: string } {
  const keys = path
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
  const field = cut(keys.join('.')) || part
  let list = whole
  for (const key of keys.slice(0, -1)) list = (list as Record<string, unknown>)?.[key]
  if (keys.length === 0 || !Array.isArray(list)) return { field, place: field }
  const of = keys.length === 1 ? 'the list' : cut(keys.slice(0, -1).join('.'))
  return { field, place: `Item ${keys.at(-1)} of ${of}` }
}

function strange(place: string, path: string, schema: TSchema): string {
  const key = path.slice(path.lastIndexOf('/') + 1)
  const keys = schema.propertyNames?.description
  if (keys) return `'${cut(key)}' does not belong here: write ${keys}.`
  const known = Object.entries<TSchema>(schema.properties ?? {}).filter(([, property]) => !property.readOnly)
  return `There is no property ${place}: write ${known.map(([name]) => name).join(', ')}.`
}

function tooLong(type: ValueErrorType, value: unknown, { maxLength, maxItems }: TSchema): string | undefined {
  if (type === ValueErrorType.StringMaxLength && typeof value === 'string')
    return `is ${value.length} characters long, and ${maxLength} are the most`
  if (type === ValueErrorType.ArrayMaxItems && Array.isArray(value))
    return `has ${value.length} items, and ${maxItems} are the most`
}

function remedy(schema: TSchema, value: unknown): string {
  if (Array.isArray(value) && value.length > (schema.maxItems ?? Infinity)) return 'make several calls'
  if (typeof value === 'string' && value.length > (schema.maxLength ?? Infinity)) return 'write a shorter text'
  return `write ${wanted(schema, value)}`
}

/** What a schema takes, in words. */
function wanted(schema: TSchema, value: unknown): string {
  if (typeof schema.wanted === 'string') return schema.wanted
  const choices: TSchema[] | undefined = schema.anyOf
  if (choices?.some((choice) => choice.const === undefined && choice.type !== 'boolean'))
    return choices.map((choice) => wanted(choice, value)).join(', or ')
  if (choices) {
    const words = choices.flatMap((choice) => (choice.type === 'boolean' ? ['true', 'false'] : [String(choice.const)]))
    return `one of ${words.join(', ')}`
  }
  if (schema.enum) return `one of ${schema.enum.join(', ')}`
  switch (schema.type) {
    case 'integer':
      return `an integer${range(schema, value)}`
    case 'number':
      return `a number${range(schema, value)}`
    case 'string':
      return schema.pattern ? `a text of 1 to ${schema.maxLength} characters, without control characters` : 'a text'
    case 'boolean':
      return 'true or false'
    case 'array': {
      const item = example(schema.items)
      return item ? `a list, [${item}]` : 'a list'
    }
    case 'object':
      return `an object, ${example(schema) ?? '{…}'}`
  }
  return schema.description ?? 'what /docs shows'
}

/** The upper end is said where it is near, or passed. */
function range({ minimum, maximum }: TSchema, value: unknown): string {
  const number = typeof value === 'object' ? Number.NaN : Number(value)
  const near = maximum < Number.MAX_SAFE_INTEGER || number > maximum
  if (minimum > -Number.MAX_SAFE_INTEGER && near) return ` from ${minimum} to ${maximum}`
  if (minimum > -Number.MAX_SAFE_INTEGER) return ` of ${minimum} or more`
  return near || number < minimum ? ` from ${minimum} to ${maximum}` : ''
}

const example = (schema: TSchema | undefined): string | undefined => {
  const [first] = (schema?.examples ?? []) as unknown[]
  return first === undefined ? undefined : cut(JSON.stringify(first))
}

const MOST_SHOWN = 5
const DEEPEST_SHOWN = 2

/** The beginning of a value. Never all of it: it may be 64 MB, or nested deeper than JSON.stringify can go. */
function shown(value: unknown, depth = 0): string {
  if (typeof value === 'string') return depth === 0 ? `'${cut(value)}'` : JSON.stringify(cut(value))
  if (typeof value !== 'object' || value === null) return String(value)
  if (depth > DEEPEST_SHOWN) return '…'
  const items: string[] = []
  const list = Array.isArray(value)
  for (const key in value) {
    if (items.length === MOST_SHOWN) {
      items.push('…')
      break
    }
    const item = shown((value as Record<string, unknown>)[key], depth + 1)
    items.push(list ? item : `${JSON.stringify(cut(key))}:${item}`)
  }
  return cut(list ? `[${items.join(',')}]` : `{${items.join(',')}}`)
}

const cut = (text: string): string =>
  text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN).toWellFormed()}…` : text
