import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { BackupSchedule } from './backup/schedule.ts'
import { parseWeights } from './config.ts'
import { backupsIn } from './db/backups.ts'
import { Checkpointer } from './db/checkpointer.ts'
import { type DataFolder, type Durability, databaseIn, openData, StartError, unusable } from './db/open.ts'
import { type DirectorySettings, directoryOf, type ProviderSettings, providerOf } from './directory.ts'
import { answerWorkers, isLoopback } from './discovery.ts'
import { type CommandRules, Commands } from './doors/commands.ts'
import { type DoorRules, Doors } from './doors/doors.ts'
import { entrances } from './doors/entrances.ts'
import { HOST_NAME, namesOf } from './doors/hosts.ts'
import { type Crowd, createPeople } from './doors/people.ts'
import { Refusals } from './doors/refusals.ts'
import { noteStart } from './doors/started.ts'
import { createWorkerCredentials } from './doors/workers.ts'
import { FarmError } from './errors.ts'
import { createFarm, type Farm, type Policy } from './farm.ts'
import { createApp } from './http/app.ts'
import { certificateFiles, type Pair, pairOf, readFiles } from './listener/certificate.ts'
import { Listener } from './listener/listener.ts'
import { Renewal } from './listener/renewal.ts'

export { StartError }

export interface ServerConfig extends DirectorySettings, ProviderSettings {
  host: string
  /** 0: any free one. */
  port: number
  /** The folder of the database and the logs. */
  data: string
  /** Seconds without a sign of life after which a worker is lost. */
  worker_timeout: number
  /** Whether workers that look for a server by broadcast are answered; auto: unless it listens on loopback only. */
  discovery?: 'auto' | 'on' | 'off'
  order?: Policy['order']
  /** As `parseWeights` reads it. */
  weights?: string
  blocklist_after?: number
  decrease_priority_after?: number
  durability?: Durability
  /** Hours between two backups, 0: none; how many stay; where, '': in the data folder. */
  backup_every?: number
  backup_keep?: number
  backup_dir?: string
  /** MB of output that are kept of a run, 0: all. */
  log_limit?: number
  /** Days, 0: for ever. */
  keep_finished?: number
  keep_events?: number
  /** PEM files (settings/tls.ts); both, or none. */
  tls_cert?: string
  tls_key?: string
  keep_audit?: number
  keep_audit_rows?: number
  /** Who may come in (settings/doors.ts); lists of networks, names and sites. */
  trust?: string[]
  loopback?: 'trust' | 'ask'
  hosts?: string[]
  origins?: string[]
  trusted_proxies?: string[]
  workers_trust?: string[]
  workers_join_token?: string
  /** Regular expressions (doors/commands.ts). */
  commands_allow?: string[]
  commands_users?: Record<string, string[]>
}

export interface Server {
  url: string
  port: number
  /** Finishes what it is answering, writes what is in memory, closes the database. */
  stop(): Promise<void>
}

/** Bodies are measured where they are read (http/body.ts): Bun's own refusal has no words. */
const MAX_BODY = Number.MAX_SAFE_INTEGER
/** Longest silence on a connection. Bun closes it after 10 s otherwise, in the middle of a long poll; 255 is its most. */
const IDLE_SECONDS = 120
/** How long a stop waits for answers that are under way. */
const STOP_MS = 5000

/** Opens the data folder and listens. Throws `StartError` with one sentence when it cannot. */
export async function startServer(config: ServerConfig): Promise<Server> {
  const { host, port, data, discovery = 'auto', durability, backup_every = 0, backup_keep = 1 } = config
  const backups = config.backup_dir || backupsIn(data)
  const directory = directoryOf(config)
  const provider = providerOf(config)
  const files = orStartError(() => certificateFiles(config.tls_cert ?? '', config.tls_key ?? ''))
  const pair =
    files &&
    (await readFiles(files)
      .then((texts) => pairOf(texts, files))
      .catch(startError))
  if (pair && config.discovery === 'on')
    throw new StartError(
      'discovery is "on", and workers that look for a server by broadcast do not speak TLS: give them its address, and leave discovery out.',
    )
  const rules = doorRules(config, pair)
  const folder = openData(data, { durability, backups })
  const farm = openFarm(folder, backups, config)
  const checkpointer = new Checkpointer(folder.db.sqlite, databaseIn(data))
  const schedule = new BackupSchedule({
    data,
    folder: backups,
    everyHours: backup_every,
    keep: backup_keep,
    worthwhile: () => farm.core.tree.size > 0 || farm.health().jobs.total > 0,
  })
  const people = createPeople(farm, { directory, provider })
  const workers = createWorkerCredentials(farm, { configured: config.workers_join_token ?? '' })
  const doors = new Doors(rules, people, workers)
  const refusals = new Refusals(farm)
  const standing = () => (backup_every > 0 ? { backup: schedule.standing } : {})
  const app = createApp(farm, standing, people, workers, doors, refusals)
  const listener = new Listener(app, {
    hostname: host,
    port,
    maxRequestBodySize: MAX_BODY,
    idleTimeout: IDLE_SECONDS,
    // Otherwise a failure is answered with a page that shows the source.
    development: false,
  })
  try {
    listener.listen(pair)
  } catch (error) {
    await farm.stop()
    folder.close()
    throw new StartError(listenProblem(host, port, error), error)
  }
  await farm
    .write((tx) => noteStart(tx, config))
    .catch((error) => {
      // A full disk has its own line, and keeps no server from answering.
      if (!(error instanceof FarmError)) throw error
    })
  farm.run()
  checkpointer.start()
  if (backup_every > 0) schedule.start()
  if (durability === 'normal')
    console.error(
      'durability is normal: a crash of the server costs nothing, a power cut may cost what was answered last; "full" keeps it.',
    )
  if (!isLoopback(host))
    for (const line of entrances({
      trust: config.trust ?? [],
      workersTrust: config.workers_trust ?? [],
      loopback: config.loopback ?? 'trust',
      proxies: config.trusted_proxies ?? [],
      names: doors.hosts.names,
      users: people.users.list().length,
      elsewhere: [config.ldap_url ?? '', config.oidc_issuer ?? ''].filter((url) => url !== ''),
      joinToken: workers.canJoin(),
      ...(pair && { tls: pair }),
    }))
      console.error(line)
  const listening = listener.port
  const scheme = pair ? 'https' : 'http'
  if (!isLoopback(host) || config.loopback === 'ask') tellFirstAdmin(people, linkTo(scheme, host, listening, pair))
  const renewal =
    files && pair && new Renewal({ files, pair, use: (renewed) => listener.replace(renewed), say: console.error })
  renewal?.start()
  const offered = discovery === 'on' || (discovery === 'auto' && !isLoopback(host) && !pair)
  const discovered = offered ? await answerWorkers(host, listening, console.error) : undefined
  return {
    url: `${scheme}://${host.includes(':') ? `[${host}]` : host}:${listening}`,
    port: listening,
    async stop() {
      discovered?.close()
      renewal?.stop()
      await schedule.stop()
      listener.close()
      const told = refusals.flush()
      await farm.stop()
      await told
      // Not the promise of stop(false): that waits for clients to close connections on which nothing happens.
      const deadline = performance.now() + STOP_MS
      while (listener.pending > 0 && performance.now() < deadline) await Bun.sleep(10)
      await listener.end()
      await checkpointer.stop()
      folder.close()
    },
  }
}

/** Once: what is printed is in the log of a service, and good for one admin and one day. */
function tellFirstAdmin(people: Crowd, url: string): void {
  const secret = people.anybody() ? undefined : people.first.offer()
  if (secret === undefined) return
  // Behind the #, so that no proxy writes it down.
  console.error(`There is no user yet. Make the first admin here, within a day: ${url}/firstadmin#${secret}`)
}

/** As another machine reaches it: with TLS by a name that the certificate has. */
function linkTo(scheme: string, host: string, port: number, pair: Pair | undefined): string {
  const certified = pair?.names.find((name) => !name.startsWith('*') && name !== 'localhost')
  const name = certified ?? (isAnyAddress(host) ? hostname() : host.includes(':') ? `[${host}]` : host)
  return `${scheme}://${name}:${port}`
}

const isAnyAddress = (host: string): boolean => host === '0.0.0.0' || host === '::'

function doorRules(config: ServerConfig, pair: Pair | undefined): DoorRules {
  const { host, trust, loopback, hosts = [], origins, trusted_proxies, workers_trust } = config
  const { commands_allow, commands_users } = config
  return {
    onLoopbackOnly: isLoopback(host),
    hosts: [
      ...new Set([
        ...namesOf(hostname()),
        ...(HOST_NAME.test(host) && isIP(host) === 0 ? [host] : []),
        ...hosts,
        ...(pair?.names ?? []),
      ]),
    ],
    tls: pair !== undefined,
    ...(trust && { trust }),
    ...(loopback && { loopback }),
    ...(origins && { origins }),
    ...(trusted_proxies && { trustedProxies: trusted_proxies }),
    commands: commandsOf({
      ...(commands_allow && { allow: commands_allow }),
      ...(commands_users && { users: commands_users }),
    }),
    ...(workers_trust && { workersTrust: workers_trust }),
  }
}

function commandsOf(rules: CommandRules): Commands {
  try {
    return new Commands(rules)
  } catch (error) {
    if (error instanceof FarmError) throw new StartError(`${error.field}: ${error.message}`, error)
    throw error
  }
}

function orStartError<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    return startError(error)
  }
}

/** The words name the option. */
function startError(error: unknown): never {
  if (error instanceof FarmError) throw new StartError(error.message, error)
  throw error
}

/** What the configuration says; the rest is as the farm has it by default. */
function policyOf({ order, weights, blocklist_after, decrease_priority_after }: ServerConfig): Partial<Policy> {
  return {
    ...(order && { order }),
    ...(weights && { weights: parseWeights(weights) }),
    ...(blocklist_after !== undefined && { blocklistAfter: blocklist_after }),
    ...(decrease_priority_after !== undefined && { decreasePriorityAfter: decrease_priority_after }),
  }
}

/** What no check at the start has looked at may still be damaged, and is read here: the groups, the leaves that are ready. */
function openFarm(folder: DataFolder, backups: string, config: ServerConfig): Farm {
  const { data, worker_timeout, log_limit = 0, keep_finished = 0, keep_events = 0 } = config
  const { keep_audit = 0, keep_audit_rows = 0 } = config
  const keep = { finished: keep_finished, events: keep_events, audit: { days: keep_audit, rows: keep_audit_rows } }
  const logLimit = log_limit > 0 ? log_limit * 1024 ** 2 : undefined
  try {
    return createFarm(folder.db, {
      logs: folder.logs,
      logLimit,
      workerTimeout: worker_timeout,
      policy: policyOf(config),
      keep,
    })
  } catch (error) {
    folder.close()
    throw unusable(data, backups, error)
  }
}

function listenProblem(host: string, port: number, error: unknown): string {
  const code = (error as { code?: string }).code
  if (code === 'EADDRINUSE')
    return `Port ${port} on ${host} is in use: stop the other program, or choose another with --port.`
  if (code === 'EACCES')
    return `Port ${port} on ${host} may not be used by this user: choose one above 1023 with --port.`
  return `The server cannot listen on ${host}:${port} (${error instanceof Error ? error.message : String(error)}): choose another with --host and --port.`
}
