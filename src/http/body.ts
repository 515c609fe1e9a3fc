import type { TSchema } from '@sinclair/typebox'
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler'
import { type ParseError, parse as parseJsonc, printParseErrorCode } from 'jsonc-parser'
import { FarmError, invalid } from '../errors.ts'
import { misfit } from './words.ts'

/** The largest body that is taken: a list of 100,000 ids is 1 MB, the output that an old worker sends at once some. */
export const MAX_BODY = 64 * 1024 * 1024
/** So much of a larger one is read and thrown away: a client that is cut off while it sends never sees why. */
const MAX_DRAINED = 4 * MAX_BODY

/**
 * The body of a request. Larger ones are refused here and not by Bun, whose answer is a bare 413; memory holds no more than
 * `MAX_BODY` of one either way.
 */
export async function readBody(request: Request): Promise<Uint8Array<ArrayBuffer>> {
  const length = request.headers.get('content-length')
  const known = length !== null && Number(length) <= MAX_BODY
  const body = await (known ? request.bytes() : readMeasured(request)).catch(() => {
    throw new FarmError('malformed', 'The body broke off before its end: send it again.', 'body')
  })
  if (body) return body
  throw new FarmError(
    'too_large',
    `The body is larger than ${MAX_BODY / 1024 ** 2} MB: divide it among several calls.`,
    'body',
  )
}

async function readMeasured(request: Request): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = []
  let size = 0
  const reader = request.body?.getReader()
  for (let part = await reader?.read(); part?.value && size <= MAX_DRAINED; part = await reader?.read()) {
    size += part.value.byteLength
    if (size <= MAX_BODY) chunks.push(part.value)
    else chunks.length = 0
  }
  return size > MAX_BODY ? undefined : Buffer.concat(chunks)
}

/**
 * What a call takes: JSON of this shape, whatever its content type says, since the requests in `rest_api.rst` have none and
 * clients that follow it send form or text types. Checked here and not by Elysia, which writes the whole value into an error
 * three times, and fails on a value that is nested too deep to be written.
 */
export function takes<T extends TSchema>(schema: T, { references = [], mend, empty, example, orElse }: Taking = {}) {
  const shape = TypeCompiler.Compile(schema, references)
  const listShape = orElse && TypeCompiler.Compile(orElse, references)
  return {
    body: {
      ...schema,
      noValidate: true,
      ...(example !== undefined && { examples: [example] }),
      ...(orElse && { orElse: orElse.$id }),
    } as T,
    async parse({ request }: { request: Request }): Promise<unknown> {
      const bytes = await readBody(request)
      const value = bytes.byteLength === 0 && empty !== undefined ? structuredClone(empty) : parseJson(decode(bytes))
      mend?.(value)
      refuseMisfits(listShape && Array.isArray(value) ? listShape : shape, value)
      return value
    },
  }
}

/** A shape that holds itself is followed level by level: jobs in jobs 5,000 deep are past what the stack holds. */
function refuseMisfits<T extends TSchema>(shape: TypeCheck<T>, value: unknown): void {
  try {
    if (!shape.Check(value)) throw misfit(shape.Errors(value).First(), value)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw invalid('body', 'body is nested too deep: build the tree by several calls.')
  }
}

interface Taking {
  /** Models that the schema names. */
  references?: TSchema[]
  /** Puts what old clients send into shape, before it is checked. */
  mend?: (value: unknown) => void
  /** What no body at all stands for; without it, one is asked for. */
  empty?: unknown
  /** What a list has to be, where the call takes one thing or a list of them. */
  orElse?: TSchema
  /** In the document; default: the schema's own. */
  example?: unknown
}

/** The fields of a form, whatever its content type says: old workers and submitters send them. */
export async function readForm({ request }: { request: Request }): Promise<string> {
  const bytes = await readBody(request)
  // By its beginning: to ask each of 10,000 workers' heartbeats for its type costs more.
  const parts = bytes[0] === HYPHEN && bytes[1] === HYPHEN ? await fieldsInParts(request, bytes) : undefined
  return parts ?? anyText.decode(bytes)
}

const HYPHEN = 0x2d

/** `curl -F` sends a part for each field: the same fields, as other forms have them. Undefined: it is no such form. */
async function fieldsInParts({ headers }: Request, bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
  const type = headers.get('content-type') ?? ''
  if (!/^multipart\/form-data\b/i.test(type)) return undefined
  const form = await new Response(bytes, { headers: { 'content-type': type } }).formData().catch(() => undefined)
  const fields = new URLSearchParams()
  for (const [name, value] of form ?? []) if (typeof value === 'string') fields.append(name, value)
  return form && fields.toString()
}

const anyText = new TextDecoder()
const utf8 = new TextDecoder('utf-8', { fatal: true })

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw new FarmError('malformed', 'The body is not UTF-8: JSON has no other encoding.', 'body')
  }
}

export function parseJson(text: string): unknown {
  if (text.trim() === '') throw new FarmError('malformed', 'The body is empty: this call takes JSON.', 'body')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new FarmError('malformed', whereItBroke(text), 'body')
  }
  if (UNKEEPABLE.test(text)) refuseUnkeepable(value)
  return value
}

function whereItBroke(text: string): string {
  const errors: ParseError[] = []
  try {
    parseJsonc(text, errors, { allowTrailingComma: false, disallowComments: true, allowEmptyContent: false })
  } catch {
    return 'The body is not JSON that can be read: it is nested too deep.'
  }
  const [error] = errors
  if (!error) return 'The body is not JSON: keys and texts stand in double quotes, and no comma follows the last one.'
  const before = text.slice(0, error.offset)
  const line = before.split('\n').length
  const column = error.offset - before.lastIndexOf('\n')
  const found = text.slice(error.offset, error.offset + 20).split('\n')[0]
  const what = printParseErrorCode(error.error)
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
  return `The body is not JSON: ${what} at line ${line}, column ${column}${found ? `, at ${JSON.stringify(found)}` : ', at its end'}.`
}

/** A NUL ends a text for shells and for SQLite, and half a surrogate pair is no character: neither would come back as sent. */
const UNKEEPABLE = /\\u(?:0000|d[89a-f])/i

function refuseUnkeepable(value: unknown): void {
  const places: [path: string, value: unknown][] = [['', value]]
  for (let place = places.pop(); place; place = places.pop()) {
    const [path, item] = place
    if (typeof item === 'string') refuseText(path || 'body', item)
    if (item === null || typeof item !== 'object') continue
    for (const [key, inner] of Object.entries(item)) {
      refuseText(path || 'body', key)
      places.push([path ? `${path}.${key}` : key, inner])
    }
  }
}

export function refuseText(field: string, text: string): void {
  if (text.includes('\0')) throw invalid(field, `${field} holds a NUL (\\u0000), which no text can: leave it out.`)
  if (!text.isWellFormed())
    throw invalid(field, `${field} holds half a surrogate pair (\\ud800 to \\udfff): write both halves, or neither.`)
}
