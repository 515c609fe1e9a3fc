/** As much of JSON Schema as the document uses. Stricter than the standard: what a schema does not list must not be there. */
export type Schema = Record<string, unknown>

interface Listed {
  prefixItems?: Schema[]
  items?: Schema | false
  minItems?: number
}

/** What does not fit, with its place; empty when all does. `root` is the document that references point into. */
export function misfits(schema: Schema, value: unknown, root: Schema, where = 'answer'): string[] {
  const problem = (why: string) => [`${where}: ${why}: ${JSON.stringify(value)?.slice(0, 200)}`]
  if (typeof schema.$ref === 'string') return misfits(resolve(schema.$ref, root), value, root, where)
  if (Array.isArray(schema.anyOf)) {
    const choices = (schema.anyOf as Schema[]).map((choice) => misfits(choice, value, root, where))
    return choices.some((found) => found.length === 0) ? [] : (choices[0] ?? problem('no choice'))
  }
  if ('const' in schema && schema.const !== value) return problem(`is not ${schema.const}`)
  if (Array.isArray(schema.enum) && !schema.enum.includes(value)) return problem(`is none of ${schema.enum}`)
  if (typeof schema.type === 'string' && !isType(schema.type, value)) return problem(`is no ${schema.type}`)
  if (typeof value === 'number') {
    const { minimum = -Infinity, maximum = Infinity } = schema as { minimum?: number; maximum?: number }
    if (value < minimum || value > maximum) return problem(`is not from ${minimum} to ${maximum}`)
  }
  if (typeof value === 'string') {
    const {
      maxLength = Infinity,
      minLength = 0,
      pattern = '',
    } = schema as { maxLength?: number; minLength?: number; pattern?: string }
    if (value.length < minLength || value.length > maxLength) return problem(`is not ${minLength} to ${maxLength} long`)
    if (!new RegExp(pattern).test(value)) return problem(`does not match ${pattern}`)
  }
  if (Array.isArray(value)) {
    const { prefixItems: first = [], minItems = 0, items = {} } = schema as Listed
    if (value.length < minItems) return problem(`has fewer than ${minItems} items`)
    if (items === false && value.length > first.length) return problem(`has more than ${first.length} items`)
    return value.flatMap((item, i) => misfits(first[i] ?? (items || {}), item, root, `${where}[${i}]`))
  }
  if (typeof value === 'object' && value !== null) return objectMisfits(schema, value as Schema, root, where)
  return []
}

function objectMisfits(schema: Schema, value: Schema, root: Schema, where: string): string[] {
  const properties = (schema.properties ?? {}) as Record<string, Schema>
  const patterns = Object.entries((schema.patternProperties ?? {}) as Record<string, Schema>)
  const missing = ((schema.required ?? []) as string[]).filter((name) => !(name in value))
  const found = Object.entries(value).flatMap(([name, item]) => {
    const inner = properties[name] ?? patterns.find(([pattern]) => new RegExp(pattern).test(name))?.[1]
    return inner ? misfits(inner, item, root, `${where}.${name}`) : [`${where}.${name} is not in the document`]
  })
  return [...missing.map((name) => `${where}.${name} is missing`), ...found]
}

export function resolve(reference: string, root: Schema): Schema {
  let place: unknown = root
  for (const key of reference.replace(/^#\//, '').split('/')) place = (place as Schema | undefined)?.[key]
  if (!reference.startsWith('#/') || place === undefined) throw new Error(`${reference} leads nowhere`)
  return place as Schema
}

function isType(type: string, value: unknown): boolean {
  if (type === 'integer') return Number.isInteger(value)
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  return typeof value === type
}
