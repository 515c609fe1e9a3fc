/** The tokens that this user has for servers: COALITION_TOKEN, COALITION_TOKEN_FILE, or what `coalition signin` keeps. */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import envPaths from 'env-paths'
import { failed, wrongUsage } from './outcome.ts'

export interface Kept {
  id: number
  user: string
  token: string
}
type Ring = Record<string, Kept>
type Env = Record<string, string | undefined>

const FILE = 'tokens.json'

/** On Windows the profile is its user's alone; elsewhere the file says so itself. */
const fileOf = (): string => join(envPaths('coalition', { suffix: '' }).config, FILE)

export function tokenFor(url: string, env: Env = process.env): string | undefined {
  const { COALITION_TOKEN: token, COALITION_TOKEN_FILE: file } = env
  if (token) return checked(token, 'COALITION_TOKEN')
  if (file) return checked(read(file), `COALITION_TOKEN_FILE (${file})`)
  return keptFor(url)?.token
}

export const keptFor = (url: string): Kept | undefined => ring()[url]

/** Keeps a token for a server; undefined forgets it. */
export function keep(url: string, kept: Kept | undefined): void {
  const file = fileOf()
  const { [url]: _, ...others } = ring()
  mkdirSync(dirname(file), { recursive: true })
  // Beside it and then in its place: it is never there half, nor for a moment readable by others.
  const beside = `${file}.${process.pid}`
  writeFileSync(beside, `${JSON.stringify(kept ? { ...others, [url]: kept } : others, null, 2)}\n`, { mode: 0o600 })
  chmodSync(beside, 0o600)
  renameSync(beside, file)
}

function ring(): Ring {
  const file = fileOf()
  if (!existsSync(file)) return {}
  try {
    return JSON.parse(read(file)) as Ring
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw failed(`${file} is not as \`coalition signin\` wrote it: delete it, and sign in again`)
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw failed(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Never shown: a mistyped one may be nearly right. */
function checked(text: string, where: string): string {
  const token = text.trim()
  if (/^[\x21-\x7e]+$/.test(token)) return token
  throw wrongUsage(`${where} is no token: it is one word, as \`coalition tokens add\` printed it`)
}
