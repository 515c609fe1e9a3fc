/**
 * Hostile JSON, as text: only text has duplicate keys, numbers past any range and `__proto__` as a key like any other.
 * From a schema come values that fit it at their extremes, values that nearly fit, and values that are something else.
 */
import fc from 'fast-check'
import { resolve, type Schema } from '../http/jsonSchema.ts'

type Text = fc.Arbitrary<string>

/** Ids and names of which some are there; most of what comes at random would be refused for not being there. */
export const MOST_IDS = 60
export const NAMES = [
  'worker-1',
  'worker-2',
  'wörker 3',
  '*',
  '..',
  '%2e%2e',
  '__proto__',
  'constructor',
  'a'.repeat(255),
]

const NUMBERS = [0, -0, 1, -1, 0.5, 1e-320, 2 ** 31, 2 ** 32, 2 ** 53 - 1, -(2 ** 53 - 1), 1e300, -1e300]
/** Which JSON.stringify never writes. */
const STRANGE_NUMBERS = ['9007199254740992', '9223372036854775808', '1e400', '-1e400', '1.0', '1E2', '-0.0', '1e-400']

const STRINGS = [
  '',
  ' ',
  '\n',
  '0',
  '-1',
  '1e9',
  'None',
  'null',
  '../../etc/passwd',
  "'; drop table jobs; --",
  '%s%n%',
  '\u202eesrever',
  '\ufeff',
  '\u0001\u001b[31m',
  '\uffff\ufffe',
  '👩‍👩‍👧‍👦'.repeat(50),
  'ﷺ'.repeat(100),
  `e${'\u0301'.repeat(2000)}`,
  'İıſßẞ',
  // Regular expressions: RE2's time is linear in the text, and in the program that a repetition unfolds to.
  '(a+)+$',
  '((a{1000}){1000}){1000}',
  '(((((a{10}){10}){10}){10}){10}){10}',
  `${'('.repeat(2000)}a${')'.repeat(2000)}`,
  `${'(?:'.repeat(1300)}`,
  '%percent'.repeat(400),
  '[[:word:]]\\pN\\p{Greek}(?i)ß',
  `(${'x|'.repeat(2000)})*`,
  // Frames, and what stands for them.
  '1-100000',
  '1-9007199254740991',
  '-9007199254740991-9007199254740991x1',
  '1-10x0',
  '5-1x2,1,1,1-3',
  '{frame:99999}',
  '{{{frame}',
  // Affinities, environments, weights.
  ',,,',
  '#5,#99,linux',
  '\n*\nLINUX,GPU\n',
  Array.from({ length: 500 }, (_, i) => `n${i}`).join(','),
  'A=1\\nB=$(A)\\n=\\n',
  'departments|render|',
  'x'.repeat(4096),
  'x'.repeat(4097),
  'x'.repeat(300_000),
]

const KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '',
  '0',
  '01',
  '-1',
  'id',
  'then',
  '\u2028',
]

const string: Text = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...STRINGS) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }) },
)
/** Half a surrogate pair, and escapes of what needs none: what a text cannot say otherwise. */
const escapes: Text = fc.constantFrom('"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '"\\u0061\\/"', '"\\ud83d\\ude00"')
const stringText: Text = fc.oneof({ weight: 9, arbitrary: string.map((text) => JSON.stringify(text)) }, escapes)
const numberText: Text = fc.oneof(
  fc.constantFrom(...NUMBERS).map((number) => (Object.is(number, -0) ? '-0' : JSON.stringify(number))),
  fc.constantFrom(...STRANGE_NUMBERS),
  fc.nat(MOST_IDS).map(String),
)

const objectText = (members: readonly (readonly [key: string, value: string])[]) =>
  `{${members.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`

const deep: Text = fc
  .tuple(
    fc.constantFrom(3, 100, 5000, 100_000),
    fc.constantFrom(['[', ']'], ['{"a":', '}'], ['{"children":[', ']}']),
    fc.constantFrom('', '1'),
  )
  .map(([depth, [open = '', close = ''], inner]) => `${open.repeat(depth)}${inner}${close.repeat(depth)}`)
const long: Text = fc
  .tuple(fc.constantFrom('1', '"x"', 'null', '[]', '{}', '{"command":"x"}'), fc.constantFrom(1000, 30_000))
  .map(([item, times]) => `[${Array.from({ length: times }, () => item).join(',')}]`)

/** Anything at all. */
const junk: Text = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('null', 'true', 'false', '[]', '{}'),
    numberText,
    stringText,
    fc.array(tie('any'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
    fc.array(fc.tuple(fc.constantFrom(...KEYS), tie('any')), { maxLength: 4 }).map(objectText),
  ),
})).any
const monstrous: Text = fc.oneof({ weight: 20, arbitrary: junk }, deep, long)

/** JSON for a schema: mostly what it takes, at its extremes; here and there something else. */
export function jsonFor(schema: Schema, root: Schema): Text {
  const { value } = fc.letrec<{ value: string }>(() => ({ value: textFor(schema, root, '', 0) }))
  return fc.oneof(
    { weight: 30, arbitrary: value },
    { weight: 2, arbitrary: monstrous },
    fc.constantFrom('', ' ', '{', '[1,', 'nul'),
  )
}

/** How deep a schema that names itself is followed. */
const DEEPEST = 4

function textFor(schema: Schema, root: Schema, name: string, depth: number): Text {
  const fitting = fittingFor(schema, root, name, depth)
  const other = depth === 0 ? junk : monstrous
  return fc.oneof({ weight: 24, arbitrary: fitting }, name === 'wait' ? other.filter((text) => !isWait(text)) : other)
}

function fittingFor(schema: Schema, root: Schema, name: string, depth: number): Text {
  if (typeof schema.$ref === 'string') return fittingFor(resolve(schema.$ref, root), root, name, depth)
  const inner = (each: unknown, key = name) => textFor((each ?? {}) as Schema, root, key, depth + 1)
  if (Array.isArray(schema.anyOf)) return fc.oneof(...schema.anyOf.map((choice) => inner(choice)))
  if ('const' in schema) return fc.constant(JSON.stringify(schema.const))
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum.map((each) => JSON.stringify(each)))
  switch (schema.type) {
    case 'integer':
    case 'number':
      return fittingNumber(schema, name)
    case 'string':
      return fittingString(schema, name)
    case 'boolean':
      return fc.constantFrom('true', 'false')
    case 'array':
      if (depth > DEEPEST) return fc.constant('[]')
      return fc
        .oneof(
          { weight: 9, arbitrary: fc.array(inner(schema.items), { maxLength: 5 }) },
          fc.array(inner(schema.items), { minLength: 50, maxLength: 100 }),
        )
        .map((items) => `[${items.join(',')}]`)
    case 'object':
      return depth > DEEPEST ? fc.constant('{}') : fittingObject(schema, inner)
  }
  return junk
}

/** How long a pick may be held: the next call waits for its answer. */
const WAITS = ['0', '0.001', '0.02', '-1', '61', '1e300']
const isWait = (text: string) => Number(text) > 0 && Number(text) <= 60

function fittingNumber({ minimum, maximum, examples }: Schema, name: string): Text {
  if (name === 'wait') return fc.constantFrom(...WAITS)
  const ends = [minimum, maximum, ...((examples ?? []) as unknown[])].filter((end) => typeof end === 'number')
  const near = ends.flatMap((end) => [end, end + 1, end - 1])
  return fc.oneof(
    { weight: 4, arbitrary: fc.nat(MOST_IDS).map(String) },
    ...(near.length > 0 ? [fc.constantFrom(...near).map(String)] : []),
    numberText,
  )
}

function fittingString({ maxLength, examples }: Schema, name: string): Text {
  const texts = [...((examples ?? []) as unknown[]).map(String), ...(name === 'worker' || name === 'name' ? NAMES : [])]
  const longest = Math.min(Number(maxLength ?? 1000), 300_000)
  return fc.oneof(
    ...(texts.length > 0
      ? [{ weight: 3, arbitrary: fc.constantFrom(...texts).map((text) => JSON.stringify(text)) }]
      : []),
    { weight: 3, arbitrary: stringText },
    fc.constantFrom(longest, longest + 1).map((length) => JSON.stringify('ü'.repeat(length))),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => JSON.stringify(bytes.toBase64())),
  )
}

function fittingObject(schema: Schema, inner: (schema: unknown, key?: string) => Text): Text {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Schema>)
  const patterns = Object.values((schema.patternProperties ?? {}) as Record<string, Schema>)
  const required = (schema.required ?? []) as string[]
  const written = properties.filter(([, { readOnly }]) => !readOnly)
  const member = ([key, each]: [string, Schema]) => inner(each, key).map((value) => [key, value] as const)
  const some = written.length === 0 ? fc.constant([]) : fc.array(fc.oneof(...written.map(member)), { maxLength: 6 })
  const always = fc.tuple(...written.filter(([key]) => required.includes(key)).map(member))
  const key = fc.oneof(fc.nat(MOST_IDS).map(String), fc.constantFrom(...NAMES), fc.constantFrom(...KEYS), string)
  const keyed = patterns.map((each) => fc.array(fc.tuple(key, inner(each)), { maxLength: 4 }))
  const strange = fc.oneof(
    { weight: 20, arbitrary: fc.constant([]) },
    fc.tuple(fc.constantFrom(...KEYS), junk).map((pair) => [pair]),
  )
  return fc.tuple(always, some, strange, ...keyed).map((parts) => objectText(parts.flat()))
}

const FORM_WORDS = [
  ...STRINGS,
  ...NAMES,
  '1',
  '2',
  'aGVsbG8K',
  '[12.5, 3.0]',
  '[1e400]',
  '[[[[',
  '=',
  '%',
  '&&',
  'True',
  'PAUSED',
]
const formWord = fc.oneof(fc.constantFrom(...FORM_WORDS), fc.nat(MOST_IDS).map(String), string)

/** A form with some of these fields, some of them twice, or something that is none. */
export const formFor = (fields: readonly string[]): Text =>
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.array(fc.tuple(fc.constantFrom(...fields, ...KEYS), formWord), { maxLength: 8 }).map(formText),
    },
    fc.constantFrom(
      '%',
      '%zz=%',
      '=&=&;',
      'a'.repeat(100_000),
      'hostname=%ff%fe&jobId=%00',
      'hostname=a&'.repeat(10_000),
    ),
    monstrous,
  )

const formText = (pairs: readonly (readonly [string, string])[]) =>
  pairs.map(([name, word]) => `${encodeURIComponent(name)}=${encodeURIComponent(word.toWellFormed())}`).join('&')

/** For the path and the query: what is no escape comes too. */
export const wordFor = (name: string): Text =>
  fc
    .oneof(
      { weight: 6, arbitrary: fc.nat(MOST_IDS).map(String) },
      { weight: name === 'name' || name === 'worker' ? 8 : 1, arbitrary: fc.constantFrom(...NAMES) },
      fc.constantFrom('0', '-1', '1.5', '1e3', '0x10', '9007199254740991', '9007199254740992', '99999999999999999999'),
      fc.constantFrom(...STRINGS.filter((each) => each.length < 5000)),
    )
    .map((text) => encodeURIComponent(text.toWellFormed()))
