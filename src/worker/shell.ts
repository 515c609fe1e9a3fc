/** Words, quotes and the system's shell, by platform. Pure. */
import { FarmError } from '../errors.ts'

export interface ShellCall {
  argv: string[]
  /** Windows: the line reaches cmd.exe as it stands, not with each argument quoted for the C runtime. */
  verbatim: boolean
}

/** `/s` makes cmd.exe take off the outermost quotes and nothing else, `/d` keeps the host's AutoRun out. */
export const shellCall = (command: string, platform: string, comSpec = 'cmd.exe'): ShellCall =>
  platform === 'win32'
    ? { argv: [comSpec, '/d', '/s', '/c', `"${command}"`], verbatim: true }
    : { argv: ['/bin/sh', '-c', command], verbatim: false }

export function quoteWord(word: string, platform: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word) && platform !== 'win32') return word
  if (platform === 'win32') return /^[\w:.\\/-]+$/.test(word) ? word : `"${word}"`
  return `'${word.replaceAll("'", "'\\''")}'`
}

export const quoteLine = (words: string[], platform: string): string =>
  words.map((word) => quoteWord(word, platform)).join(' ')

export interface Placeholders {
  user: string
  dir: string
  cmd: string
}

/**
 * `runcommand`: `sudo -u __user__ -- sh -c __cmd__`. On POSIX each placeholder is inserted quoted, so that the shell
 * which reads the template sees the job's text as (part of) one word, whether the placeholder stands bare, in `'…'` or
 * in `"…"`. As it stands would hand the agent's own account to whoever types `x; rm -rf ~` into a job's user.
 *
 * cmd.exe has no quoting that holds everywhere. There `__cmd__` is inserted as it stands (it is a command line anyway),
 * `__user__` and `__dir__` too, and a user or directory with characters that cmd.exe acts on is refused.
 */
export function fillTemplate(template: string, values: Placeholders, platform: string): string {
  if (platform === 'win32') {
    refuseSpecial('user', values.user)
    refuseSpecial('dir', values.dir)
  }
  let quote = ''
  return template.replace(/__(user|dir|cmd)__|\\.|["']/gs, (token: string, name?: keyof Placeholders) => {
    if (name) return platform === 'win32' ? values[name] : insert(values[name], quote)
    if (token === quote) quote = ''
    else if (quote === '' && token.length === 1) quote = token
    else if (quote === "'" && token === "\\'") quote = '' // inside '…' a backslash is only itself
    return token
  })
}

export const templateProblem = (template: string): string | undefined =>
  template.includes('__cmd__')
    ? undefined
    : `runcommand "${template}" has no __cmd__: it would never run the job. Example: sudo -u __user__ -- sh -c __cmd__`

function insert(text: string, quote: string): string {
  if (quote === "'") return text.replaceAll("'", "'\\''")
  if (quote === '"') return text.replace(/[\\"$`]/g, '\\$&')
  return quoteWord(text, 'posix')
}

function refuseSpecial(field: 'user' | 'dir', value: string): void {
  if (!/["&|<>^%!\r\n]/.test(value)) return
  throw new FarmError('invalid', `the ${field} ${JSON.stringify(value)} holds characters that cmd.exe acts on`, field)
}
