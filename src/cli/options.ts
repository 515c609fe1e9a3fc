/** What the commands share: options out of the tables of `config.ts`, and readers for what people type. */
import { join } from 'node:path'
import { type Command, InvalidArgumentError, Option, type OptionValues } from '@commander-js/extra-typings'
import { DEFAULT_PORT, serverUrl } from '../address.ts'
import { readAuthority } from '../authority.ts'
import { type Client, createClient } from '../client.ts'
import { type Option as ConfigOption, flagName, loadConfig, SERVER_OPTIONS, WORKER_OPTIONS } from '../config.ts'
import type { Dependency } from '../models.ts'
import { tokenFor } from './keyring.ts'
import { wrongUsage } from './outcome.ts'

// biome-ignore lint/suspicious/noExplicitAny: commander's own bound for the arguments of a command
type Any = any[]

/** Text as it was typed: `config.ts` reads and checks flags, variables and the file in the same way. */
function tableOptions<A extends Any, O extends OptionValues, G extends OptionValues>(
  command: Command<A, O, G>,
  table: Record<string, ConfigOption>,
  defaults: Record<string, string> = {},
): Command<A, O, G> {
  for (const [key, { flag, env, description, default: value }] of Object.entries(table)) {
    if (flag === '') continue
    const standard = typeof value === 'object' ? '' : String(defaults[key] ?? value)
    const shown = standard === '' ? `env: ${env}` : `default: ${standard}, env: ${env}`
    command.addOption(new Option(flag, `${description} (${shown})`))
  }
  return command
}

const CONFIG_FLAG = ['--config <file>', 'configuration file (env: COALITION_CONFIG)'] as const
const { server: _, ca: CA, ...WITHOUT_SERVER } = WORKER_OPTIONS

export const serverOptions = <A extends Any, O extends OptionValues, G extends OptionValues>(c: Command<A, O, G>) =>
  tableOptions(c, SERVER_OPTIONS).option(...CONFIG_FLAG)
export const workerOptions = <A extends Any, O extends OptionValues, G extends OptionValues>(c: Command<A, O, G>) =>
  tableOptions(c, WORKER_OPTIONS).option(...CONFIG_FLAG)
/** For who starts server and workers together, so that their address is not a question. */
export const bothOptions = <A extends Any, O extends OptionValues, G extends OptionValues>(
  c: Command<A, O, G>,
  workers: string,
) => tableOptions(tableOptions(c, SERVER_OPTIONS), WITHOUT_SERVER, { workers }).option(...CONFIG_FLAG)

/** The flags that were given, by key; commander files `--worker-timeout` under `workerTimeout`. */
export function givenFlags(options: OptionValues) {
  const pick = (table: Record<string, ConfigOption>) => {
    const given: Record<string, string> = {}
    for (const [key, option] of Object.entries(table)) {
      if (option.flag === '') continue
      const value: unknown = options[new Option(flagName(option)).attributeName()]
      if (typeof value === 'string') given[key] = value
    }
    return given
  }
  return { server: pick(SERVER_OPTIONS), worker: pick(WORKER_OPTIONS) }
}

/** `--data` and `--config`, of the commands that work on a data folder themselves. */
export const dataOptions = <A extends Any, O extends OptionValues, G extends OptionValues>(c: Command<A, O, G>) => {
  const { data } = SERVER_OPTIONS
  return c.option(data.flag, `${data.description} (env: ${data.env})`).option(...CONFIG_FLAG)
}

/** Where the data are and where the backups go. */
export function placesOf(options: OptionValues & { config?: string | undefined }): { data: string; backups: string } {
  const { data, backup_dir } = loadConfig(givenFlags(options), options.config).server
  return { data, backups: backup_dir || join(data, 'backups') }
}

/** `--server` and `--json`, of every command that speaks to a server. */
export const clientOptions = <A extends Any, O extends OptionValues, G extends OptionValues>(c: Command<A, O, G>) =>
  serverOption(c).option('--json', "print the API's answer")
export const serverOption = <A extends Any, O extends OptionValues, G extends OptionValues>(c: Command<A, O, G>) =>
  c
    .option('--server <url>', `address of the server (default: localhost:${DEFAULT_PORT}, env: COALITION_URL)`, address)
    .option('--ca <file>', `${CA.description} (env: ${CA.env})`)

/** Inside a job COALITION_SERVER is the farm that runs it: what it submits goes to the same one. */
export function serverOf(
  options: { server?: string | undefined },
  env: Record<string, string | undefined> = process.env,
): string {
  const named = options.server || env.COALITION_URL || env.COALITION_SERVER || `127.0.0.1:${DEFAULT_PORT}`
  const url = serverUrl(named)
  if (!url) throw wrongUsage(`"${named}" of COALITION_URL is no address; write one like http://farm:${DEFAULT_PORT}`)
  return url
}

/** With the token that belongs to that server, if there is one. */
export function connect(options: { server?: string | undefined; ca?: string | undefined }): Client {
  const url = serverOf(options)
  return createClient(url, { token: tokenFor(url), ca: authorityOf(options) })
}

/** Undefined: those that the system knows. */
export const authorityOf = ({ ca }: { ca?: string | undefined }): string | undefined =>
  readAuthority(ca || process.env.COALITION_CA || '')

function address(text: string): string {
  const url = serverUrl(text)
  if (!url) throw new InvalidArgumentError(`It must be an address like http://farm:${DEFAULT_PORT}.`)
  return url
}

/** What names or answers very many jobs may take its time. */
export const LONG = { timeoutSeconds: 300 } as const

export function queryOf(parameters: Record<string, string | number | undefined>): string {
  const given = Object.entries(parameters).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, String(value)]],
  )
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`
}

export const integer =
  (minimum: number, maximum = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = Number(text)
    if (/^[+-]?\d+$/.test(text) && value >= minimum && value <= maximum) return value
    throw new InvalidArgumentError(`It must be a whole number from ${minimum} to ${maximum}.`)
  }

export const jobId = integer(1)

/** For `<id...>`: commander calls once for each word, with what it has so far. */
export const jobIds = (text: string, before: number[] | undefined): number[] => [...(before ?? []), ...idList(text)]

const idList = (text: string): number[] => text.split(',').map((id) => jobId(id.trim()))

/** `1,2,any:3,frame:4`, and nothing for the empty list that takes all dependencies away. */
export function dependencies(text: string): Dependency[] {
  if (text.trim() === '') return []
  return text.split(',').map((each) => {
    const [, kind, id = ''] = /^(?:(any|frame|all):)?(.*)$/.exec(each.trim()) ?? []
    return kind ? { job: jobId(id), kind: kind as 'any' | 'frame' | 'all' } : jobId(id)
  })
}

/** `1.5` */
export function factor(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a number of 1 or more.')
}

/** `90m` from now on, or a date and time as `2026-12-24T18:00`; seconds since the epoch. 0: no time at all. */
export function pointInTime(text: string, now = Date.now()): number {
  if (text.trim() === '0') return 0
  if (/^\d+[smhd]$/.test(text.trim())) return Math.floor(now / 1000) + seconds(text)
  const date = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(date))
    throw new InvalidArgumentError('It must be a date and time like 2026-12-24T18:00, or 90m, 2h.')
  return Math.floor(date / 1000)
}

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const

/** `90`, `90s`, `15m`, `2h`, `1d`. */
export function seconds(text: string): number {
  const match = /^(\d{1,9})([smhd]?)$/.exec(text.trim())
  if (!match) throw new InvalidArgumentError('It must be seconds, or a number with s, m, h or d: 90, 15m, 2h.')
  return Number(match[1]) * SECONDS[(match[2] || 's') as keyof typeof SECONDS]
}

export const collect = (text: string, before: string[] | undefined): string[] => [...(before ?? []), text]

/** The lines below a help text. */
export const examples = (...lines: string[]): string =>
  `\n${lines.length === 1 ? 'Example' : 'Examples'}:\n${lines.map((line) => `  $ ${line}`).join('\n')}`
