/** The server's side of the workers' protocol, over real HTTP, with the state in the open for a test to look at. */
import type { TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import {
  type Assignment,
  EndRequest,
  HeartbeatRequest,
  LeaveRequest,
  PickRequest,
  ReleaseRequest,
} from '../../src/protocol.ts'
import { type AgentOptions, runAgent } from '../../src/worker/agent.ts'

const NOTHING_TAKEN = { memory: 0, cores: 0, gpus: 0 }

export interface RunRecord {
  id: number
  worker: string
  job: Assignment['job']
  /** The worker is thought to be at it. */
  held: boolean
  output: Buffer
  heartbeats: number
  goOn: boolean
  /** The run is not known any more: 404. */
  gone: boolean
  exitCode?: number
  released: boolean
  ends: number
}

type Job = Partial<Assignment['job']>

export class ProtocolServer {
  readonly runs: RunRecord[] = []
  readonly picks: { worker: string; request: PickRequest }[] = []
  /** Workers that said that they go. */
  readonly left: string[] = []
  /** What the agent sent that the models refuse: a test that ends with some has failed. */
  readonly faults: string[] = []
  /** Status of every answer, instead of an answer; or only of the answers to `brokenAction`. */
  broken = 0
  brokenAction = ''
  readonly #queue: Assignment[] = []
  readonly #waiting = new Set<() => void>()
  #server: ReturnType<typeof Bun.serve> | undefined
  #port = 0
  #lastRun = 0

  constructor() {
    this.start()
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  start(): void {
    this.#server = Bun.serve({
      hostname: '127.0.0.1',
      port: this.#port,
      idleTimeout: 100,
      fetch: (request) => this.#answer(request),
    })
    this.#port = this.#server.port ?? 0
  }

  async stop(): Promise<void> {
    for (const wake of this.#waiting) wake()
    await this.#server?.stop(true)
  }

  give(job: Job | string): number {
    const id = ++this.#lastRun
    const given = typeof job === 'string' ? { command: job } : job
    const defaults = {
      id: 100 + id,
      title: `Job ${id}`,
      command: '',
      dir: '.',
      user: '',
      environment: '',
      timeout: 0,
      ...NOTHING_TAKEN,
    }
    this.#queue.push({ run: id, job: { ...defaults, ...given } })
    for (const wake of this.#waiting) wake()
    return id
  }

  run(id: number): RunRecord | undefined {
    return this.runs.find((run) => run.id === id)
  }

  text(id: number): string {
    return this.run(id)?.output.toString() ?? ''
  }

  async ended(id: number, seconds = 10): Promise<RunRecord> {
    await until(() => this.run(id)?.exitCode !== undefined, `the end of run ${id}`, seconds)
    return this.run(id) as RunRecord
  }

  async #answer(request: Request): Promise<Response> {
    const [, , kind, name = '', action] = new URL(request.url).pathname.split('/')
    if (this.broken && (this.brokenAction || action) === action) return new Response('broken', { status: this.broken })
    const body: unknown = await request.json()
    if (action === 'leave') {
      this.#check(LeaveRequest, body)
      this.left.push(decodeURIComponent(name))
      // A run whose answer the worker did not live to see.
      for (const run of this.runs) if (run.worker === decodeURIComponent(name)) run.held = false
      return Response.json(null)
    }
    if (kind === 'workers') {
      this.#check(PickRequest, body)
      return Response.json(await this.#pick(decodeURIComponent(name), body as PickRequest, request.signal))
    }
    const run = this.run(Number(name))
    if (run?.gone) run.held = false
    if (!run || run.gone) return Response.json({ title: 'Not Found', detail: 'no such run' }, { status: 404 })
    if (action === 'heartbeat') {
      this.#check(HeartbeatRequest, body)
      run.heartbeats += 1
      run.held &&= run.goOn
      this.#store(run, body as HeartbeatRequest)
      return Response.json({ go_on: run.goOn, log_size: run.output.length })
    }
    if (action === 'end') {
      this.#check(EndRequest, body)
      this.#store(run, body as EndRequest)
      run.exitCode = (body as EndRequest).exit_code
      run.ends += 1
      run.held = false
      return Response.json({ state: run.exitCode === 0 ? 'FINISHED' : 'ERROR', log_size: run.output.length })
    }
    this.#check(ReleaseRequest, body)
    run.released = true
    run.held = false
    return Response.json({ state: 'STOPPED', log_size: run.output.length })
  }

  async #pick(worker: string, request: PickRequest, signal: AbortSignal): Promise<Assignment | null> {
    this.picks.push({ worker, request })
    // A worker that asks while it is thought to be working has lost its run.
    const lost = this.runs.find((run) => run.worker === worker && run.held)
    if (lost) {
      lost.held = false
      this.#queue.unshift({ run: ++this.#lastRun, job: lost.job })
    }
    if (this.#queue.length === 0 && request.wait) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer)
          this.#waiting.delete(wake)
          resolve()
        }
        const timer = setTimeout(wake, (request.wait ?? 0) * 1000)
        this.#waiting.add(wake)
        signal.addEventListener('abort', wake)
      })
    }
    if (signal.aborted) return null
    const assignment = this.#queue.shift() ?? null
    if (assignment) {
      const state = {
        job: assignment.job,
        held: true,
        heartbeats: 0,
        goOn: true,
        gone: false,
        released: false,
        ends: 0,
        output: Buffer.alloc(0),
      }
      this.runs.push({ id: assignment.run, worker, ...state })
    }
    return assignment
  }

  #store(run: RunRecord, { log, log_offset: offset = 0 }: HeartbeatRequest): void {
    if (log === undefined || offset > run.output.length) return
    run.output = Buffer.concat([run.output, Buffer.from(log, 'base64').subarray(run.output.length - offset)])
  }

  #check(schema: TSchema, body: unknown): void {
    const fault = Value.Errors(schema, body).First()
    if (fault) this.faults.push(`${fault.path} ${fault.message}`)
  }
}

export interface TestAgent {
  lines: string[]
  /** Aborts the agent and waits for it. */
  stop(): Promise<void>
}

/** Agents of one test file; `stopAll` belongs into its afterEach. */
export function agents() {
  const running: TestAgent[] = []
  return {
    start(server: { url: string }, options: Partial<AgentOptions> = {}): TestAgent {
      const abort = new AbortController()
      const lines: string[] = []
      const done = runAgent(
        {
          serverUrl: server.url,
          name: 'node',
          workers: 1,
          sleepSeconds: 0.05,
          heartbeatSeconds: 0.1,
          graceSeconds: 1,
          log: (line) => lines.push(line),
          ...options,
        },
        abort.signal,
      )
      const agent = {
        lines,
        async stop() {
          abort.abort()
          await done
        },
      }
      running.push(agent)
      return agent
    },
    async stopAll(): Promise<void> {
      await Promise.all(running.splice(0).map((agent) => agent.stop()))
    },
  }
}

export async function until(condition: () => boolean, what: string, seconds = 10): Promise<void> {
  const deadline = performance.now() + seconds * 1000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited ${seconds} s in vain for ${what}`)
    await Bun.sleep(10)
  }
}
