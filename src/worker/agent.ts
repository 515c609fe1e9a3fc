/** The worker agent: slots on one host, for one server. */
import { tmpdir } from 'node:os'
import { readAuthority } from '../authority.ts'
import { createClient } from '../client.ts'
import type { Environment } from '../environment.ts'
import { FarmError } from '../errors.ts'
import { selfCommand } from '../self.ts'
import { join, keptCredential } from './credentials.ts'
import { type Guard, startGuard } from './guard.ts'
import { openHome } from './home.ts'
import { type Credential, createLink } from './link.ts'
import { type Machine, machineOf } from './machine.ts'
import { killTree } from './processes.ts'
import { exitCodeOf, type Run, spawnShell } from './run.ts'
import { quoteLine, templateProblem } from './shell.ts'
import { workSlot } from './slot.ts'
import { createVitals } from './vitals.ts'

export interface AgentOptions {
  serverUrl: string
  name: string
  /** Slots: jobs at a time. More than one: the server sees `name-1`, `name-2`, … */
  workers: number
  /** Seconds between two asks for work when the server does not hold the first (it does, except for an inactive worker). */
  sleepSeconds: number
  /** Run once, before the first pick. */
  startup?: string
  /** See `fillTemplate`. Example: `sudo -u __user__ -- sh -c __cmd__` */
  runcommand?: string
  machine?: Machine
  /** For a server that asks who its workers are. */
  joinToken?: string
  /** Where the credentials are that it gave for that. */
  credentials?: string
  /** The file of the authority that signed the server's certificate. */
  ca?: string
  log?: (line: string) => void
  waitSeconds?: number
  heartbeatSeconds?: number
  /** Between SIGTERM and SIGKILL. */
  graceSeconds?: number
  /** What one run may print; the rest is cut, except its end. */
  spoolBytes?: number
  /** Where the outputs wait for the server; default: the system's place for temporary files. */
  temporaryDir?: string
}

const GiB = 1024 ** 3

/** Runs until `signal` fires: then ends its runs, gives their jobs back, and returns. */
export async function runAgent(options: AgentOptions, signal: AbortSignal): Promise<void> {
  const problem = options.runcommand && templateProblem(options.runcommand)
  if (problem) throw new FarmError('invalid', problem, 'runcommand')
  const { log = logLine, graceSeconds = 5 } = options
  const names = slotNames(options.name, options.workers)
  // What a job submits goes to the same server.
  const environment = { ...ownEnvironment(), ...(options.ca && { COALITION_CA: options.ca }) }
  const ca = readAuthority(options.ca ?? '')
  const client = createClient(options.serverUrl, { ca })
  const home = await openHome(options.temporaryDir ?? tmpdir(), client.url, names, graceSeconds, {
    credentials: options.credentials,
    ca: options.ca,
  })
  const { folder, session } = home
  const guard = startGuard({ ...home, graceSeconds }, log)
  const held = new Set<Run>()
  const exitNow = () => {
    for (const run of held) run.killNow()
    home.close()
    guard.close()
  }
  process.on('exit', exitNow)
  try {
    if (options.startup) await startUp(options.startup, graceSeconds, guard, log, signal)
    const link = createLink(client, log)
    const { joinToken = '', credentials: file = '' } = options
    const credentialOf = (worker: string): Credential => {
      const own = { server: client.url, worker, file, joinToken, ca, log }
      let shown = createClient(client.url, { token: keptCredential(file, client.url, worker), ca })
      return {
        client: () => shown,
        async renew() {
          const token = await join(own)
          if (token !== undefined) shown = createClient(client.url, { token, ca })
          return token !== undefined
        },
      }
    }
    const shared = {
      folder,
      session,
      guard,
      link,
      held,
      graceSeconds,
      vitals: createVitals(),
      sleepSeconds: options.sleepSeconds,
      waitSeconds: options.waitSeconds ?? 20,
      heartbeatSeconds: options.heartbeatSeconds ?? 2,
      spoolBytes: options.spoolBytes ?? GiB,
      environment,
      program: quoteLine(selfCommand(), process.platform),
      runcommand: options.runcommand,
      machine: options.machine ?? machineOf({ memory: 0, cores: 0, gpus: 0 }),
    }
    if (!signal.aborted) log(`${names.join(', ')} working for ${link.url}`)
    await Promise.all(
      names.map((worker) =>
        workSlot(
          { ...shared, worker, link: link.as(credentialOf(worker)), log: (line) => log(`${worker}: ${line}`) },
          signal,
        ),
      ),
    )
  } finally {
    process.off('exit', exitNow)
    exitNow()
  }
}

export const slotNames = (name: string, workers: number): string[] =>
  workers > 1 ? Array.from({ length: workers }, (_, index) => `${name}-${index + 1}`) : [name]

/** The startup command, for the guard. */
const STARTUP = 'startup'

/** Its failure is said and not fatal: a farm that renders without a mount tells more than one that stands still. */
async function startUp(
  command: string,
  graceSeconds: number,
  guard: Guard,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  log(`startup: ${command}`)
  const child = spawnShell(command, process.cwd(), ownEnvironment(), 'inherit')
  guard.expect(STARTUP, [])
  guard.started(STARTUP, child.pid)
  const stop = () => void killTree(child.pid, graceSeconds)
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  await child.exited
  guard.ended(STARTUP)
  signal.removeEventListener('abort', stop)
  const code = exitCodeOf(child.exitCode, child.signalCode)
  if (code !== 0) log(`startup ended ${code}`)
}

/** Credentials are not for jobs: with one a job could make itself a worker, or do what its agent's user may. */
const CREDENTIALS = ['COALITION_WORKER_JOIN_TOKEN', 'COALITION_TOKEN', 'COALITION_TOKEN_FILE']

function ownEnvironment(): Environment {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (pair): pair is [string, string] => pair[1] !== undefined && !CREDENTIALS.includes(pair[0]),
    ),
  )
}

/** stderr: on stdout, the service that starts an agent may have its own lines. */
function logLine(line: string): void {
  console.error(`${new Date().toISOString()} ${line}`)
}
