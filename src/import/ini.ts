/** `coalition.ini` of Coalition 4 → the `coalition.toml` that says the same, and what has no match, in words. */
import { Value } from '@sinclair/typebox/value'
import { isServerAddress } from '../address.ts'
import { type Option, SERVER_OPTIONS, WORKER_OPTIONS } from '../config.ts'

export interface ConvertedIni {
  toml: string
  /** Settings that are not in it, one sentence each. */
  remarks: string[]
}

type Sections = Map<string, Map<string, string>>

const SERVER_MATCH: Record<string, keyof typeof SERVER_OPTIONS> = {
  port: 'port',
  timeout: 'worker_timeout',
  decreasepriorityafter: 'decrease_priority_after',
}
const WORKER_MATCH: Record<string, keyof typeof WORKER_OPTIONS> = {
  serverurl: 'server',
  workers: 'workers',
  name: 'name',
  sleep: 'sleep',
  startup: 'startup',
  runcommand: 'runcommand',
}

const NO_MATCH: [pattern: RegExp, reason: string][] = [
  [
    /^db_(type|sqlite_file|mysql_\w+)$/,
    'the database is a file in the data folder; `coalition import SOURCE` brings the old jobs',
  ],
  [/^smtp/, 'the server sends no mail yet'],
  [/^notifyafter$/, 'the server sends no mail yet'],
  [/^ldap/, 'write it as [ldap] in coalition.toml: the README has it under People'],
  [/^commandwhitelist/, 'there are no rules for commands: let only people you trust reach the port'],
  [/^servermode$/, 'workers in a cloud are started by what you have for it'],
  [/^service$/, 'the system’s own service manager starts `coalition serve` and `coalition worker`'],
  [/^(verbose|logfile)$/, 'messages go to the standard output and error: send them where you want'],
  [/^logstash/, 'job logs are in the data folder, and answered by GET /api/jobs/{id}/log'],
  [/^theyard_/, 'there are no chat notices'],
  [/^cpus$/, 'give the number of jobs at a time with workers'],
]

const UNKNOWN = 'Coalition 4 has no such setting either; it is left out'
/** What says no more than a setting that is not there. */
const OFF: readonly string[] = ['', '0', 'None', 'normal']

export function convertIni(text: string): ConvertedIni {
  const remarks: string[] = []
  const sections = parseIni(text, remarks)
  const server = sections.get('server')
  const worker = sections.get('worker')
  for (const name of sections.keys())
    if (name !== 'server' && name !== 'worker' && name !== 'DEFAULT')
      remarks.push(`[${name}]: Coalition 4 has no such section either; it is left out.`)
  const toml: string[] = []
  if (server) {
    // The old server always did, and workers on other machines would be left outside.
    toml.push('# The old server listened on all addresses of its machine.', 'host = "0.0.0.0"')
    toml.push(...matched('server', server, SERVER_MATCH, SERVER_OPTIONS, remarks))
  }
  if (worker) {
    const lines = matched('worker', worker, WORKER_MATCH, WORKER_OPTIONS, remarks)
    if (lines.length > 0) toml.push(...(toml.length > 0 ? [''] : []), '[worker]', ...lines)
  }
  return { toml: toml.map((line) => `${line}\n`).join(''), remarks }
}

function matched(
  section: string,
  settings: Map<string, string>,
  match: Record<string, string>,
  options: Record<string, Option>,
  remarks: string[],
): string[] {
  const lines: string[] = []
  const unmatched = new Map<string, string[]>()
  for (const [name, value] of settings) {
    const key = match[name]
    const option = key === undefined ? undefined : options[key]
    const where = `[${section}] ${name}`
    if (option === undefined) {
      // Values are not repeated: there are passwords among them.
      const reason = NO_MATCH.find(([pattern]) => pattern.test(name))?.[1] ?? UNKNOWN
      if (!OFF.includes(value)) unmatched.set(reason, [...(unmatched.get(reason) ?? []), name])
      continue
    }
    if (value === '') continue
    const numeric = option.schema.type === 'integer' || option.schema.type === 'number'
    const read = numeric && /^[+-]?\d+(\.\d+)?$/.test(value) ? Number(value) : key === 'server' ? address(value) : value
    if (!Value.Check(option.schema, read) || (key === 'server' && !isServerAddress(String(read))))
      remarks.push(`${where} = ${value}: it cannot be ${option.description}; the default stands.`)
    else lines.push(`${key} = ${typeof read === 'number' ? read : tomlText(read)}`)
  }
  for (const [reason, names] of unmatched) remarks.push(`[${section}] ${names.join(', ')}: ${reason}.`)
  return lines
}

/** The old worker took a name without a scheme for http, and without a port for port 80; here it would be another. */
const address = (url: string): string => (url.includes('://') ? url : `http://${url}`)

/** JSON's escapes are TOML's, but for DEL, which TOML wants escaped too. */
const tomlText = (text: string): string => JSON.stringify(text).replaceAll('\u007f', '\\u007F')

/**
 * As Python 2's SafeConfigParser read it, which no npm parser does: names without case, `:` as good as `=`, indented lines
 * continue the value, `%%` is a percent sign, and a comment inside a line begins with a semicolon **behind a space**. npm's
 * `ini` cuts the file's own example `runcommand=sudo ... sh -c 'cd __dir__; __cmd__'` at the semicolon.
 */
export function parseIni(text: string, remarks: string[]): Sections {
  const sections: Sections = new Map()
  let section: Map<string, string> | undefined
  let name: string | undefined
  for (const [i, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (/^\s*$|^[#;]|^rem(\s|$)/i.test(line)) continue
    const header = /^\[([^\]]+)\]/.exec(line)?.[1]
    const option = /^([^:=\s][^:=]*?)\s*[:=]\s*(.*)$/s.exec(line)
    if (/^\s/.test(line) && section && name !== undefined) {
      section.set(name, `${section.get(name)}\n${line.trim()}`)
    } else if (header !== undefined) {
      section = sections.get(header) ?? new Map()
      sections.set(header, section)
      name = undefined
    } else if (section && option?.[1] !== undefined) {
      name = option[1].toLowerCase()
      const value = (option[2] ?? '').replace(/\s;.*$/s, '').trim()
      section.set(name, value === '""' ? '' : value)
    } else remarks.push(`Line ${i + 1}, "${line.trim()}", is no setting: it is left out.`)
  }
  for (const settings of sections.values())
    for (const [key, value] of settings) settings.set(key, interpolated(value, settings, sections.get('DEFAULT')))
  return sections
}

/** `%(name)s` is another setting of the section; Python looks ten times and no more, so that a circle ends. */
function interpolated(value: string, settings: Map<string, string>, defaults: Map<string, string> | undefined): string {
  let text = value
  for (let depth = 0; depth < 10 && /%\([^)]+\)s/.test(text); depth++)
    text = text.replace(/%\(([^)]+)\)s/g, (whole, name: string) => {
      const key = name.toLowerCase()
      return settings.get(key) ?? defaults?.get(key) ?? whole
    })
  return text.replaceAll('%%', '%')
}
