import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { BackupSchedule } from './backup/schedule.ts'
import { parseWeights } from './config.ts'
import { backupsIn } from './db/backups.ts'
import { Checkpointer } from './db/checkpointer.ts'
import { type DataFolder, type Durability, databaseIn, openData, StartError, unusable } from './db/open.ts'
import { type DirectorySettings, directoryOf } from './directory.ts'
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

export { StartError }

export interface ServerConfig extends DirectorySettings {
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
  const rules = doorRules(config)
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
  const people = createPeople(farm, { directory })
  const workers = createWorkerCredentials(farm, { configured: config.workers_join_token ?? '' })
  const doors = new Doors(rules, people, workers)
  const refusals = new Refusals(farm)
  const standing = () => (backup_every > 0 ? { backup: schedule.standing } : {})
  const app = createApp(farm, standing, people, workers, doors, refusals)
  try {
    app.listen({
      hostname: host,
      port,
      // Elysia's default is true: on Linux a second server would then share the port, and each get half of the calls.
      reusePort: false,
      maxRequestBodySize: MAX_BODY,
      idleTimeout: IDLE_SECONDS,
      // Otherwise a failure is answered with a page that shows the source.
      development: false,
    })
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
      directory: config.ldap_url ?? '',
      joinToken: workers.canJoin(),
    }))
      console.error(line)
  const listening = app.server?.port ?? port
  if (!isLoopback(host) || config.loopback === 'ask') tellFirstAdmin(people, host, listening)
  const offered = discovery === 'on' || (discovery === 'auto' && !isLoopback(host))
  const discovered = offered ? await answerWorkers(host, listening, console.error) : undefined
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${listening}`,
    port: listening,
    async stop() {
      discovered?.close()
      await schedule.stop()
      void app.server?.stop(false)
      const told = refusals.flush()
      await farm.stop()
      await told
      // Not the promise of stop(false): that waits for clients to close connections on which nothing happens.
      const deadline = performance.now() + STOP_MS
      while ((app.server?.pendingRequests ?? 0) > 0 && performance.now() < deadline) await Bun.sleep(10)
      await app.server?.stop(true)
      await checkpointer.stop()
      folder.close()
    },
  }
}

/** Once: what is printed is in the log of a service, and good for one admin and one day. */
function tellFirstAdmin(people: Crowd, host: string, port: number): void {
  const secret = people.anybody() ? undefined : people.first.offer()
  if (secret === undefined) return
  const name = isAnyAddress(host) ? hostname() : host.includes(':') ? `[${host}]` : host
  // Behind the #, so that no proxy writes it down.
  console.error(
    `There is no user yet. Make the first admin here, within a day: http://${name}:${port}/firstadmin#${secret}`,
  )
}

const isAnyAddress = (host: string): boolean => host === '0.0.0.0' || host === '::'

function doorRules(config: ServerConfig): DoorRules {
  const { host, trust, loopback, hosts = [], origins, trusted_proxies, workers_trust } = config
  const { commands_allow, commands_users } = config
  return {
    onLoopbackOnly: isLoopback(host),
    hosts: [
      ...new Set([...namesOf(hostname()), ...(HOST_NAME.test(host) && isIP(host) === 0 ? [host] : []), ...hosts]),
    ],
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
