/**
 * Flags, environment and `coalition.toml` become one checked object. An option is declared once, in the two tables
 * below; the flags (`cli/options.ts`), the variables, the file's keys and the table in the README follow from them.
 * Precedence: flag, environment, file, default.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import envPaths from 'env-paths'
import { DEFAULT_PORT, isServerAddress } from './address.ts'
import { AUDIT_OPTIONS } from './settings/audit.ts'
import { DOOR_OPTIONS, fits } from './settings/doors.ts'
import { type Option, option, type Table, type Values } from './settings/option.ts'
import { SIGNIN_OPTIONS } from './settings/signin.ts'
import { WORKER_OPTIONS } from './settings/worker.ts'

export { type Option, WORKER_OPTIONS }

export const CONFIG_FILE = 'coalition.toml'

const places = envPaths('coalition', { suffix: '' })

/** `ann=2,bob=0.5` */
export const WEIGHTS = /^(\s*[^,=]+=\s*(\d+(\.\d+)?|\.\d+)\s*(,|$))*$/

/** The weights in a text that fits WEIGHTS; a user who weighs nothing goes after all others. */
export function parseWeights(text: string): Map<string, number> {
  const pairs = text.split(',').filter((pair) => pair.trim() !== '')
  return new Map(
    pairs.map((pair) => {
      const at = pair.lastIndexOf('=')
      return [pair.slice(0, at).trim(), Number(pair.slice(at + 1))]
    }),
  )
}

export const SERVER_OPTIONS = {
  host: option({
    schema: Type.String({ minLength: 1, maxLength: 255 }),
    default: '127.0.0.1',
    flag: '--host <address>',
    env: 'COALITION_HOST',
    description: 'address to listen on; 0.0.0.0 lets every machine of the network in',
  }),
  port: option({
    schema: Type.Integer({ minimum: 0, maximum: 65535 }),
    default: DEFAULT_PORT,
    flag: '--port <number>',
    env: 'COALITION_PORT',
    description: 'port to listen on; 0 takes any free one',
  }),
  data: option({
    schema: Type.String({ minLength: 1, maxLength: 4096 }),
    default: places.data,
    flag: '--data <folder>',
    env: 'COALITION_DATA',
    description: 'folder of the database and the logs',
    path: true,
    defaultText: "`coalition` in the system's place for application data",
  }),
  worker_timeout: option({
    schema: Type.Integer({ minimum: 1, maximum: 86_400 }),
    default: 60,
    flag: '--worker-timeout <seconds>',
    env: 'COALITION_WORKER_TIMEOUT',
    description: 'a worker that is silent for so long is lost, and its job waits again',
  }),
  discovery: option({
    schema: Type.Union([Type.Literal('auto'), Type.Literal('on'), Type.Literal('off')]),
    default: 'auto',
    flag: '--discovery <when>',
    env: 'COALITION_DISCOVERY',
    description:
      'answer workers that look for a server by broadcast: on, off, or auto: unless it listens on loopback only',
  }),
  order: option({
    schema: Type.Union([Type.Literal('fifo'), Type.Literal('fair')]),
    default: 'fifo',
    flag: '--order <order>',
    env: 'COALITION_ORDER',
    description:
      'among root jobs of equal priority: fifo, the oldest goes first; fair, that of the user who has the least running',
  }),
  weights: option({
    schema: Type.String({ maxLength: 65_536, pattern: WEIGHTS.source }),
    default: '',
    flag: '--weights <list>',
    env: 'COALITION_WEIGHTS',
    description: 'what users weigh with order = "fair", as ann=2,bob=0.5; 1 for those who are not named',
  }),
  blocklist_after: option({
    schema: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
    default: 3,
    flag: '--blocklist-after <number>',
    env: 'COALITION_BLOCKLIST_AFTER',
    description: 'failed runs of a worker in one root job after which it gets no more of it; 0: never',
    defaultText: '`3`; with `coalition up`, where there is no other machine, `0`',
  }),
  decrease_priority_after: option({
    schema: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
    default: 0,
    flag: '--decrease-priority-after <number>',
    env: 'COALITION_DECREASE_PRIORITY_AFTER',
    description: 'jobs in ERROR in a group that lower its priority by one; 0: never',
  }),
  durability: option({
    schema: Type.Union([Type.Literal('full'), Type.Literal('normal')]),
    default: 'full',
    flag: '--durability <level>',
    env: 'COALITION_DURABILITY',
    description:
      'full: what was answered survives a power cut; normal: faster, and a power cut may cost the last answers',
  }),
  backup_every: option({
    schema: Type.Number({ minimum: 0, maximum: 8760 }),
    default: 24,
    flag: '--backup-every <hours>',
    env: 'COALITION_BACKUP_EVERY',
    description: 'hours between two backups of the database; 0: never',
  }),
  backup_keep: option({
    schema: Type.Integer({ minimum: 1, maximum: 10_000 }),
    default: 7,
    flag: '--backup-keep <number>',
    env: 'COALITION_BACKUP_KEEP',
    description: 'how many of these backups stay',
  }),
  backup_dir: option({
    schema: Type.String({ minLength: 1, maxLength: 4096 }),
    default: '',
    flag: '--backup-dir <folder>',
    env: 'COALITION_BACKUP_DIR',
    description: 'folder of the backups, better on another disk',
    path: true,
    defaultText: '`backups` in the data folder',
  }),
  log_limit: option({
    schema: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
    default: 256,
    flag: '--log-limit <MB>',
    env: 'COALITION_LOG_LIMIT',
    description: 'output that is kept of one run, and the last 64 kB of it; 0: all',
  }),
  keep_finished: option({
    schema: Type.Number({ minimum: 0, maximum: 36_500 }),
    default: 0,
    flag: '--keep-finished <days>',
    env: 'COALITION_KEEP_FINISHED',
    description: 'days after which a FINISHED job of the root is deleted, with all below it and the logs; 0: never',
  }),
  keep_events: option({
    schema: Type.Number({ minimum: 0, maximum: 36_500 }),
    default: 0,
    flag: '--keep-events <days>',
    env: 'COALITION_KEEP_EVENTS',
    description: 'days after which the event of a run is deleted; 0: never',
  }),
  ...AUDIT_OPTIONS,
  ...DOOR_OPTIONS,
  ...SIGNIN_OPTIONS,
} as const satisfies Table

export type ServerConfig = Values<typeof SERVER_OPTIONS>
export type WorkerConfig = Values<typeof WORKER_OPTIONS>
export interface Config {
  server: ServerConfig
  worker: WorkerConfig
  /** Keys that somebody set, as `workers` or `worker.workers`; the others have their default. */
  given: ReadonlySet<string>
}

/** Names below COALITION_ that are not options: those an agent gives its jobs, and the command line's own. */
export const OTHER_VARIABLES = [
  'COALITION',
  'COALITION_CONFIG',
  'COALITION_CORES',
  'COALITION_DEBUG',
  'COALITION_GPUS',
  'COALITION_JOB',
  'COALITION_MEMORY',
  'COALITION_RUN',
  'COALITION_SERVER',
  'COALITION_TOKEN',
  'COALITION_TOKEN_FILE',
  'COALITION_WORKER',
] as const

/** What was asked for cannot be: names the key, the value, where it was written, and the remedy. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

export interface Sources {
  /** By key; text, as the command line gave it. */
  flags?: { server?: Record<string, string>; worker?: Record<string, string> }
  env?: Record<string, string | undefined>
  /** The parsed file, and where it is. */
  file?: { path: string; content: Record<string, unknown> }
  cwd?: string
}

/** The calculation: no file is read, no variable looked up. */
export function resolveConfig({ flags = {}, env = {}, file, cwd = '.' }: Sources): Config {
  if (file) refuseUnknownKeys(file.path, file.content)
  refuseUnknownVariables(env)
  const given = new Set<string>()

  function read<T extends Table>(table: T, prefix: string, fromFlags: Record<string, string>, fromFile: unknown) {
    const written = isTable(fromFile) ? fromFile : {}
    const values: Record<string, unknown> = {}
    for (const [key, option] of Object.entries(table)) {
      // An empty variable counts as none: that is how a service file or a container switches one off.
      const variable = env[option.env] || undefined
      const flag = fromFlags[key]
      const place = option.at ?? key
      const said = place.split('.').reduce<unknown>((at, name) => (isTable(at) ? at[name] : undefined), written)
      // What the file says is checked also where a flag overrides it: its mistake would wait for a worse day.
      const inFile =
        said !== undefined && file ? check(option, said, `${file.path}: ${prefix}${place}`, dirname(file.path)) : null
      if (flag !== undefined) values[key] = check(option, fromText(option, flag), flagName(option), cwd)
      else if (variable !== undefined) values[key] = check(option, fromText(option, variable), option.env, cwd)
      else values[key] = inFile ?? option.default
      if (flag !== undefined || variable !== undefined || inFile !== null) given.add(prefix + key)
    }
    return values as Values<T>
  }

  const server = read(SERVER_OPTIONS, '', flags.server ?? {}, file?.content)
  const worker = read(WORKER_OPTIONS, 'worker.', flags.worker ?? {}, file?.content.worker)
  return { server, worker, given }
}

/** The file that `--config` or COALITION_CONFIG names, else the first that there is of the usual places. */
export function readConfigFile(
  named: string | undefined,
  folders: string[] = [process.cwd(), places.config],
): Sources['file'] {
  const path = named ? resolve(named) : folders.map((folder) => resolve(folder, CONFIG_FILE)).find(existsSync)
  if (!path) return undefined
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new ConfigError(`${path} cannot be read: ${message(error)}`)
  }
  try {
    return { path, content: Bun.TOML.parse(text) as Record<string, unknown> }
  } catch (error) {
    throw new ConfigError(`${path} is not TOML: ${message(error)}`)
  }
}

export function loadConfig(flags: Sources['flags'], configFile?: string): Config {
  const env = process.env
  return resolveConfig({ flags, env, file: readConfigFile(configFile ?? (env.COALITION_CONFIG || undefined)) })
}

export const flagName = (option: Option): string => option.flag.split(' ')[0] as string

function fromText({ schema, json }: Option, text: string): unknown {
  if (json) return parsed(text)
  if (schema.type === 'array') return text.split(',').map((item) => item.trim())
  if (schema.type !== 'integer' && schema.type !== 'number') return text
  // Number('') is 0 and Number('0x10') is 16: neither is what somebody meant by a port.
  return /^[+-]?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text
}

/** What is no JSON stays a text, and is refused as that. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function check(option: Option, value: unknown, where: string, folder: string): unknown {
  const ok = Value.Check(option.schema, value) && fits(option, value)
  if (!ok || (option.env === 'COALITION_URL' && value !== '' && !isServerAddress(String(value)))) {
    const shown = option.secret ? 'what is written there' : JSON.stringify(value)
    throw new ConfigError(`${where}: ${shown} is not ${expected(option)} (${option.description})`)
  }
  return option.path ? resolve(folder, String(value)) : value
}

function expected({ schema, env }: Option): string {
  if (env === 'COALITION_URL') return `an address like http://farm:${DEFAULT_PORT}`
  if (schema.wanted) return schema.wanted
  if (schema.anyOf) return `one of ${schema.anyOf.map((choice: { const: string }) => choice.const).join(', ')}`
  const { minimum, maximum, maxLength } = schema
  if (schema.type === 'integer') return `a whole number from ${minimum} to ${maximum}`
  if (schema.type === 'number') return `a number from ${minimum} to ${maximum}`
  if (schema.pattern === WEIGHTS.source) return 'a list like ann=2,bob=0.5'
  return `a text of ${schema.minLength ?? 0} to ${maxLength} characters${schema.pattern ? ' without control characters' : ''}`
}

/** Tables of the file that hold options of the server. */
const TABLES = [
  ...new Set(Object.values<Option>(SERVER_OPTIONS).flatMap(({ at }) => (at ? [at.split('.')[0] as string] : []))),
]

function refuseUnknownKeys(path: string, content: Record<string, unknown>): void {
  const places = Object.entries<Option>(SERVER_OPTIONS).map(([key, { at }]) => at ?? key)
  const known = places.filter((place) => !place.includes('.'))
  const written = Object.entries(content).flatMap(([key, value]) =>
    TABLES.includes(key) && isTable(value) ? Object.keys(value).map((name) => `${key}.${name}`) : [key],
  )
  const tables = places.filter((place) => place.includes('.')).join(', ')
  for (const key of written) {
    if (key === 'worker' || places.includes(key)) continue
    if (TABLES.includes(key))
      throw new ConfigError(`${path}: ${key}: ${JSON.stringify(content[key])} is not a table; write [${key}]`)
    const hint =
      key in WORKER_OPTIONS ? 'it belongs below [worker]' : `known are ${known.join(', ')}, ${tables} and [worker]`
    throw new ConfigError(`${path}: unknown key "${key}": ${hint}`)
  }
  if (content.worker === undefined) return
  if (!isTable(content.worker)) {
    throw new ConfigError(`${path}: worker: ${JSON.stringify(content.worker)} is not a table; write [worker]`)
  }
  for (const key of Object.keys(content.worker)) {
    if (key in WORKER_OPTIONS) continue
    const hint =
      key in SERVER_OPTIONS
        ? 'it is the server’s, and belongs above [worker]'
        : `known are ${Object.keys(WORKER_OPTIONS).join(', ')}`
    throw new ConfigError(`${path}: unknown key "worker.${key}": ${hint}`)
  }
}

/** A misspelt variable would be ignored in silence, and the server would listen where nobody expects it. */
function refuseUnknownVariables(env: Record<string, string | undefined>): void {
  const options = [...Object.values(SERVER_OPTIONS), ...Object.values(WORKER_OPTIONS)].map(({ env }) => env)
  const known: readonly string[] = [...options, ...OTHER_VARIABLES]
  for (const name of Object.keys(env)) {
    if (!name.startsWith('COALITION_') || known.includes(name)) continue
    throw new ConfigError(`unknown variable ${name}: unset it; known are ${options.join(', ')}`)
  }
}

const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error))
