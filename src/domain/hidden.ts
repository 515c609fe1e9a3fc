/** Which parts of a job's environment and command look like secrets, and what stands for them. Pure. */
import { invalid } from '../errors.ts'

/** What is shown instead of a secret; sent back by an editor, it stands for the secret that is there. */
export const HIDDEN = '(hidden)'

/** `KEY` ends a word, or a `KEYFRAME` would be one. `PWD` alone is a directory. */
const NAME = /PASSWO?R?D|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|KEYS?(?![A-Za-z])|[A-Za-z0-9]_PWD$|(^|[_-])PASS$/i
export const looksSecret = (name: string): boolean => NAME.test(name)

/** Asked of each row of a list, where one in a thousand has any: half a microsecond. */
const MAYBE = /PASS|PWD|SECRET|TOKEN|CREDENTIAL|KEY|:\/\/[^\s/]*@|BEARER|co[ajw]_/i

/** Puts something else for a secret; `name` is what it stands behind. */
type Put = (name: string, value: string) => string
type Scan = (text: string, put: Put) => string

// Names begin where no name goes on: or 256 kB without a space would be tried from each letter on.
const ADDRESS = /(?<![a-z0-9+.-])([a-z][a-z0-9+.-]*:\/\/[^\s:@/"']*):([^\s@/"']+)@/gi
const BEARER = /\b(Bearer\s+)([A-Za-z0-9._~+/=-]{8,}|\(hidden\))/gi
/** What this server itself gives people and workers (doors/secrets.ts). */
const OWN = /\bco[ajw]_[A-Za-z0-9_-]{43}/g
const VALUE = `("[^"]*"|'[^']*'|[^\\s"']+)`
const ASSIGNED = new RegExp(`(?<![\\w-])(-{0,2}[A-Za-z_][\\w-]*)(=)${VALUE}`, 'g')
const OPTION = new RegExp(`(?<=^|\\s)(--?[A-Za-z][\\w-]*)(\\s+)(?!-)${VALUE}`, 'g')

/** What is a secret wherever it stands. */
const anywhere: Scan = (text, put) =>
  // Of many empty lines, one after the other.
  text === ''
    ? ''
    : text
        .replace(ADDRESS, (_, name: string, value: string) => `${name}:${put(name, value)}@`)
        .replace(BEARER, (_, name: string, value: string) => `${name}${put('bearer', value)}`)
        .replace(OWN, (value) => put('token', value))

/** `--password x`, `TOKEN=x`, `https://user:x@host`, `Bearer x`. */
const inCommand: Scan = (text, put) => {
  const named = (whole: string, name: string, between: string, value: string) =>
    looksSecret(name) ? `${name}${between}${put(name, value)}` : whole
  return anywhere(text.replace(ASSIGNED, named).replace(OPTION, named), put)
}

const SEPARATORS = /(\r?\n|\\n)/
/** As `environment.ts` reads it: what follows and is no pair belongs to the value before it. */
const PAIR = /^(\s*)([^\s=\\/]+)(\s*=)(.*)$/s

const inEnvironment: Scan = (text, put) => {
  let out = ''
  let secret: { head: string; name: string; value: string } | undefined
  const close = () => {
    if (secret) out += secret.head + (secret.value === '' ? '' : put(secret.name, secret.value))
    secret = undefined
  }
  let separator = ''
  for (const [i, piece] of text.split(SEPARATORS).entries()) {
    if (i % 2 === 1) {
      separator = piece
      continue
    }
    const [, space = '', name = '', equals = '', value = ''] = (piece.includes('=') && PAIR.exec(piece)) || []
    if (secret && name === '' && piece.trim() !== '') secret.value += separator + piece
    else {
      close()
      out += separator
      if (name !== '' && looksSecret(name)) secret = { head: space + name + equals, name, value }
      else out += anywhere(piece, put)
    }
    separator = ''
  }
  close()
  return out
}

const hide =
  (scan: Scan) =>
  (text: string): string =>
    MAYBE.test(text) ? scan(text, () => HIDDEN) : text

export const hideInEnvironment = hide(inEnvironment)
export const hideInCommand = hide(inCommand)

/** What an editor sent, with the secrets that are there for those that were hidden from them, by name and in order. */
function reveal(scan: Scan, sent: string, stored: string, field: string): string {
  if (!sent.includes(HIDDEN)) return sent
  const kept = new Map<string, string[]>()
  scan(stored, (name, value) => {
    kept.set(name, [...(kept.get(name) ?? []), value])
    return value
  })
  return scan(sent, (name, value) => {
    const before = kept.get(name)?.shift()
    if (value !== HIDDEN) return value
    if (before !== undefined) return before
    throw invalid(
      field,
      `${field} has ${HIDDEN} for the value of ${name.slice(0, 80)}, and there is none that was hidden: write the value.`,
    )
  })
}

interface Texts {
  command?: string
  environment?: string
}

/** The same for a job that is edited; of a new one nothing is stored. */
export function revealIn(input: Texts, stored: Required<Texts>, field: (name: string) => string): void {
  if (input.environment?.includes(HIDDEN))
    input.environment = reveal(inEnvironment, input.environment, stored.environment, field('environment'))
  if (input.command?.includes(HIDDEN))
    input.command = reveal(inCommand, input.command, stored.command, field('command'))
}
