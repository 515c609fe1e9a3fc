/** A user who submits and changes jobs of his own, remembers what was answered, and looks whether it is still there. */
import type { Database } from 'bun:sqlite'
import type { JobRow } from '../../src/db/schema.ts'
import type { Random } from './rounds.ts'
import { ask, Cut } from './wire.ts'

interface Known {
  parent: number
  title: string
  priority: number
  paused: number
  leaf: boolean
  dependencies: number[]
  /** It was never reset, so all its ended runs count. */
  untouched: boolean
}
type Jobs = Map<number, Known>

/** What was asked last and not answered. */
interface Pending {
  what: string
  /** What the jobs are if it was done. */
  after: Jobs
  submitted?: Submitted
}
/** Jobs of one submission, told apart by their directory. */
interface Submitted {
  token: string
  count: number
}

const isUnder = (jobs: Jobs, id: number, top: number): boolean => {
  for (let at: number | undefined = id; at !== undefined; at = jobs.get(at)?.parent) if (at === top) return true
  return false
}

export class User {
  #jobs: Jobs = new Map()
  #fresh: Submitted[] = []
  #pending: Pending | undefined
  #submissions = 0
  /** How many calls were answered, and how many were not. */
  answered = 0
  cut = 0

  constructor(
    readonly name: string,
    private readonly random: Random,
  ) {}

  get size(): number {
    return this.#jobs.size
  }

  /** Whether all ended runs of this job count; undefined: it is not his. */
  untouched(id: number): boolean | undefined {
    return this.#jobs.get(id)?.untouched
  }

  /** Goes on until the server is gone. */
  async work(url: string): Promise<void> {
    try {
      for (;;) {
        await this.#act(url)
        this.answered += 1
        this.#pending = undefined
      }
    } catch (error) {
      if (!(error instanceof Cut)) throw error
      this.cut += 1
    }
  }

  async #act(url: string): Promise<void> {
    const ids = [...this.#jobs.keys()]
    // Some hundreds of jobs each: more would only make the comparison longer.
    const kind = ids.length < 20 ? 'submit' : this.random.oneOf(ids.length > 250 ? [...ACTS, 'delete', 'delete'] : ACTS)
    const some = () => [...new Set(Array.from({ length: 1 + this.random.int(4) }, () => this.random.oneOf(ids)))]
    if (kind === 'submit') return this.#submit(url)
    const chosen = some()
    const list = { what: `${kind} ${chosen}`, after: structuredClone(this.#jobs) }
    const { after } = list
    const call = async (method: string, path: string, body: unknown) => {
      this.#pending = list
      await ask(url, method, path, body)
      this.#jobs = after
    }
    if (kind === 'edit') {
      const edits: Record<number, object> = {}
      for (const id of chosen) {
        const change = { title: `edit ${this.random.int(1e6)}`, priority: this.random.int(5000) }
        edits[id] = change
        Object.assign(after.get(id) as Known, change)
      }
      return call('POST', '/api/jobs', edits)
    }
    if (kind === 'depend') {
      const id = chosen[0] as number
      // On older leaves only, so that no circle closes.
      const older = ids.filter((each) => each < id && after.get(each)?.leaf)
      const job = after.get(id) as Known
      if (!job.leaf || older.length === 0) return
      job.dependencies = [...new Set([this.random.oneOf(older), this.random.oneOf(older)])].sort((a, b) => a - b)
      return call('POST', `/api/jobs/${id}/dependencies`, job.dependencies)
    }
    if (kind === 'pause' || kind === 'start') {
      for (const id of chosen) Object.assign(after.get(id) as Known, { paused: Number(kind === 'pause') })
      return call('POST', `/api/${kind}jobs`, chosen)
    }
    for (const [id, job] of this.#jobs) {
      if (!chosen.some((top) => isUnder(this.#jobs, id, top))) continue
      if (kind === 'delete') after.delete(id)
      else after.set(id, { ...job, untouched: false, paused: kind === 'reset' ? 0 : job.paused })
    }
    if (kind === 'delete') {
      for (const job of after.values()) job.dependencies = job.dependencies.filter((each) => after.has(each))
      return call('DELETE', '/api/jobs', chosen)
    }
    return call('POST', kind === 'reset' ? '/api/resetjobs' : '/api/reseterrorjobs', chosen)
  }

  async #submit(url: string): Promise<void> {
    const token = `${this.name}-${++this.#submissions}`
    const common = { user: this.name, dir: token, retry: this.random.int(2), title: token }
    const leaf = { ...common, command: 'render' }
    const kind = this.random.int(12)
    let submitted: Submitted
    let body: unknown
    if (kind < 5) {
      submitted = { token, count: 1 }
      body = leaf
    } else if (kind < 9) {
      const width = 1 + this.random.int(6)
      const children = Array.from({ length: width }, (_, i) => ({ ...leaf, name: `c${i}` }))
      const last = { ...leaf, dependencies: ['c0'] }
      submitted = { token, count: width + 3 }
      body = { ...common, children: [{ ...common, children }, last] }
    } else {
      // Past 1500 rows a submission takes more than one transaction.
      const frames = kind === 11 && this.#submissions % 8 === 0 ? 1600 : 5 + this.random.int(40)
      submitted = { token, count: frames + 1 }
      body = { ...leaf, command: 'render {frame}', frames: `1-${frames}` }
    }
    this.#pending = { what: `submission ${token}`, after: this.#jobs, submitted }
    await ask(url, 'PUT', '/api/jobs', body)
    this.#fresh.push(submitted)
  }

  /** Sentences about what the database does not have as it was answered. Then it knows what came of the rest. */
  compare(db: Database): string[] {
    const wrong: string[] = []
    const rows = db.query<JobRow, [string]>('select * from jobs where user = ?').all(this.name)
    const dependencies = Map.groupBy(
      db
        .query<{ job_id: number; dependency: number }, [string]>(
          'select * from dependencies where job_id in (select id from jobs where user = ?) order by 1, 2',
        )
        .all(this.name),
      ({ job_id }) => job_id,
    )
    const known = (row: JobRow): Known => ({
      parent: row.parent,
      title: row.title,
      priority: row.priority,
      paused: row.paused,
      leaf: row.command !== '',
      dependencies: (dependencies.get(row.id) ?? []).map(({ dependency }) => dependency),
      untouched: true,
    })
    const there: Jobs = new Map(rows.map((row) => [row.id, known(row)]))
    const byToken = Map.groupBy(rows, ({ dir }) => dir)
    const newborn = new Set<number>()
    const whole = ({ token }: Submitted) => {
      const made = byToken.get(token) ?? []
      for (const { id } of made) newborn.add(id)
      return made.length
    }
    for (const fresh of this.#fresh) {
      const count = whole(fresh)
      if (count !== fresh.count)
        wrong.push(`${fresh.token} was answered: ${count} of its ${fresh.count} jobs are there`)
    }
    const pending = this.#pending
    if (pending?.submitted) {
      const count = whole(pending.submitted)
      if (count !== 0 && count !== pending.submitted.count)
        wrong.push(`${pending.what} was not answered: ${count} of its ${pending.submitted.count} jobs are there`)
    }
    const rest = new Map([...there].filter(([id]) => !newborn.has(id)))
    const before = difference(this.#jobs, rest)
    if (before !== undefined) {
      const after = pending && !pending.submitted ? difference(pending.after, rest) : undefined
      if (!pending || pending.submitted || after !== undefined)
        wrong.push(`${this.name}: ${before}${pending ? `; or, with ${pending.what}, ${after}` : ''}`)
    }
    const reset = pending && !pending.submitted ? pending.after : undefined
    for (const [id, job] of there)
      job.untouched = newborn.has(id) || Boolean(this.#jobs.get(id)?.untouched && reset?.get(id)?.untouched !== false)
    this.#jobs = there
    this.#fresh = []
    this.#pending = undefined
    return wrong
  }
}

const ACTS = ['submit', 'submit', 'edit', 'edit', 'depend', 'pause', 'start', 'start', 'reset', 'errors', 'delete']

function difference(expected: Jobs, found: Jobs): string | undefined {
  for (const id of expected.keys()) if (!found.has(id)) return `job ${id} is gone`
  for (const [id, job] of found) {
    const wanted = expected.get(id)
    if (!wanted) return `job ${id} is there again`
    const { untouched: _, ...should } = wanted
    const { untouched: __, ...is } = job
    if (!Bun.deepEquals(is, should)) return `job ${id} is ${JSON.stringify(is)} instead of ${JSON.stringify(should)}`
  }
  return undefined
}
