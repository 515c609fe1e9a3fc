/** `kill -9` at any moment: what was answered is there, what was not is there wholly or not at all. */
import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import type { Health } from '../../src/answers.ts'
import type { EventRow } from '../../src/db/schema.ts'
import { createSandbox, type Sandbox, type Server } from '../e2e/sandbox.ts'
import { Hand } from './hand.ts'
import { type Random, rounds, seeded } from './rounds.ts'
import { breaches } from './sound.ts'
import { User } from './user.ts'
import { ask } from './wire.ts'

setDefaultTimeout(3_600_000)

let sandbox: Sandbox
beforeAll(() => {
  sandbox = createSandbox()
})
afterAll(() => sandbox.cleanUp())

const USERS = 4
const HANDS = 5
/** The longest that a server lives under load. */
const LONGEST_MS = 800
/** Rounds on one database: it grows, and with it the time to compare. */
const ROUNDS_EACH = 40

test(`a server killed under load, ${rounds(12)} times, keeps every answer`, () =>
  seeded('kill', async (random) => {
    let left = rounds(12)
    let calls = 0
    let cut = 0
    for (let folder = 0; left > 0; folder++) {
      const data = sandbox.freshFolder()
      const own = random.branch(`folder ${folder}`)
      const users = Array.from({ length: USERS }, (_, i) => new User(`user-${i}`, own.branch(`user ${i}`)))
      const hands = Array.from({ length: HANDS }, (_, i) => new Hand(`hand-${i}`, own.branch(`hand ${i}`)))
      let server = await sandbox.serve(data)
      for (let round = Math.min(ROUNDS_EACH, left); round > 0; round--, left--)
        server = await killOnce(server, users, hands, own)
      expect(await server.stop()).toBe(0)
      for (const each of [...users, ...hands]) {
        calls += each.answered
        cut += each.cut
      }
      // A client that is never cut off in the middle, or that gets no work done, would prove nothing.
      expect(Math.min(...users.map((each) => each.size))).toBeGreaterThan(0)
    }
    console.log(`${calls} calls were answered, ${cut} were cut off`)
    expect(cut).toBeGreaterThan(0)
  }))

/** Answers the server that came after it. */
async function killOnce(server: Server, users: User[], hands: Hand[], random: Random): Promise<Server> {
  const { data } = server
  const working = Promise.all([...users, ...hands].map((each) => each.work(server.url)))
  // Awaited below; a client that fails at once must not end the test run before that.
  working.catch(() => {})
  await Bun.sleep(random.int(LONGEST_MS))
  server.kill('SIGKILL')
  await server.exited
  await working
  // The first thing that a server says is that it listens: by then it has taken up what there was.
  const next = await sandbox.serve(data)
  const db = new Database(join(data, 'coalition.db'), { readonly: true })
  try {
    const wrong = [
      ...breaches(db),
      ...users.flatMap((user) => user.compare(db)),
      ...hands.flatMap((hand) => hand.compare(db, join(data, 'logs'))),
      ...countsOfRuns(db, users),
      ...(await asTheServerSees(next.url, db)),
    ]
    expect(wrong.slice(0, 20)).toEqual([])
  } finally {
    db.close()
  }
  return next
}

/** A run that ended counts once at its job. */
function countsOfRuns(db: Database, users: User[]): string[] {
  const ends = new Map<number, number>()
  for (const { job_id, state } of db.query<EventRow, []>('select * from events').all())
    if (state === 'FINISHED' || state === 'ERROR') ends.set(job_id, (ends.get(job_id) ?? 0) + 1)
  return db
    .query<{ id: number; run_done: number }, []>("select id, run_done from jobs where command <> ''")
    .all()
    .flatMap(({ id, run_done }) => {
      const ended = ends.get(id) ?? 0
      const exact = users.some((user) => user.untouched(id))
      return run_done === ended || (!exact && run_done < ended)
        ? []
        : [`job ${id} counts ${run_done} runs, its events ${ended}`]
    })
}

/** What it holds in memory, against the rows. */
async function asTheServerSees(url: string, db: Database): Promise<string[]> {
  const { jobs } = await ask<Health>(url, 'GET', '/api/health')
  const counted = db
    .query<Omit<Health['jobs'], 'ready'>, []>(
      `select count(*) as total, coalesce(sum(state = 'WORKING'), 0) as working,
        coalesce(sum(state = 'FINISHED'), 0) as finished, coalesce(sum(state = 'ERROR'), 0) as errors
        from jobs where command <> ''`,
    )
    .get()
  const { ready: _, ...seen } = jobs
  return Bun.deepEquals(seen, counted)
    ? []
    : [`the server sees ${JSON.stringify(seen)}, rows: ${JSON.stringify(counted)}`]
}
