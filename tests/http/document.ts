/** `rest_api.rst`, the contract, read as data: what each call looks like, and what it answers. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ParseError, parse as parseJsonc } from 'jsonc-parser'

export interface DocumentedCall {
  /** As its heading has it: `GET /api/jobs/(int:id)`. */
  heading: string
  method: string
  /** As the example asks for it. */
  path: string
  body: unknown
  answer: unknown
}

export const SOURCE = readFileSync(join(import.meta.dir, 'rest_api.rst'), 'utf8')

/** Every call of the document, from its heading, its example request and its example response. */
export function documentedCalls(source: string): DocumentedCall[] {
  return source
    .split(/^\.\. http:/m)
    .slice(1)
    .map((section) => {
      const [, verb = '', route = ''] = /^(\w+):: (\S+)/.exec(section) ?? []
      const [request = '', response = ''] = section.split('**Example response**')
      const [, method = '', path = ''] = /^\s*([A-Z]+) (\S+) HTTP\/1\.1$/m.exec(request) ?? []
      return {
        heading: `${verb.toUpperCase()} ${route}`,
        method,
        path,
        body: exampleIn(request.split('Host: localhost')[1]),
        answer: exampleIn(response.split('Content-Type: application/json')[1]?.split(/^ {3}:|^\S/m)[0]),
      }
    })
}

/** The examples have slips of the pen: keys that are numbers without quotes, a comma after the last one. */
function exampleIn(text = ''): unknown {
  if (text.trim() === '') return undefined
  const errors: ParseError[] = []
  const value: unknown = parseJsonc(text.replace(/^(\s*)(\d+):/gm, '$1"$2":'), errors, { allowTrailingComma: true })
  if (errors.length > 0) throw new Error(`not an example: ${text}`)
  return value
}

/** `behaviour.md`: these two answer a list of the object that the document shows. */
export const LIST_SLIPS = ['GET /api/workers', 'GET /api/events']
