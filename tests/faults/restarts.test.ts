/** A server that is restarted every few seconds, with real agents at work: each job runs once, each log is whole. */
import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Event, Job } from '../../src/models.ts'
import { createSandbox, POSIX, type Sandbox, type Server, until } from '../e2e/sandbox.ts'
import { rounds, seeded } from './rounds.ts'
import { breaches } from './sound.ts'

setDefaultTimeout(3_600_000)

let sandbox: Sandbox
beforeAll(() => {
  sandbox = createSandbox()
})
afterAll(() => sandbox.cleanUp())

const RESTARTS = rounds(3)
const JOBS_EACH = 12
const SLOTS = 3

test.skipIf(!POSIX)(`through ${RESTARTS} restarts each job runs once, and its log is whole`, () =>
  seeded('restarts', async (random) => {
    let server: Server = await sandbox.serve(sandbox.freshFolder())
    const { data, port } = server
    const marks = sandbox.freshFolder()
    mkdirSync(marks)
    const workers = await Promise.all(['a', 'b'].map((name) => sandbox.worker(server, name, { slots: SLOTS })))
    const jobs: { id: number; text: string; mark: string }[] = []
    for (let restart = 0; restart < RESTARTS; restart++) {
      for (let i = 0; i < JOBS_EACH; i++) {
        const number = jobs.length
        const lines = 1 + random.int(2000)
        const mark = join(marks, String(number))
        // Its line in a file of its own at the start, so that a run that is begun and given up is seen too.
        const command = `echo "$COALITION_RUN" >> ${mark}; i=0; while [ $i -lt ${lines} ]; do i=$((i+1)); echo "${number} $i äöü"; done; sleep ${(random() * 0.6).toFixed(2)}; echo end`
        const id = await server.client.call<number>('PUT', '/api/jobs', { command })
        const text = `${Array.from({ length: lines }, (_, n) => `${number} ${n + 1} äöü\n`).join('')}end\n`
        jobs.push({ id, text, mark })
      }
      await Bun.sleep(500 + random.int(1500))
      const signal = random.oneOf(['SIGTERM', 'SIGKILL'] as const)
      server.kill(signal)
      await server.exited
      await Bun.sleep(random.int(1500))
      server = await sandbox.serve(data, { port })
    }
    const wrong: string[] = []
    for (const { id, text, mark } of jobs) {
      const job = () => server.client.call<Job>('GET', `/api/jobs/${id}`)
      await until(async () => (await job()).state === 'FINISHED', `job ${id}`, 120)
      const events = await server.client.call<Event[]>('GET', `/api/events?job=${id}`)
      const log = await server.client.call<string>('GET', `/api/jobs/${id}/log`)
      const ran = readFileSync(mark, 'utf8').trim().split('\n')
      if (ran.length !== 1) wrong.push(`job ${id} was begun by the runs ${ran}, events ${JSON.stringify(events)}`)
      if (events.filter(({ state }) => state === 'FINISHED').length !== 1 || (await job()).run_done !== 1)
        wrong.push(`job ${id} has the events ${JSON.stringify(events)}`)
      // The log of a job whose first run was never heard of begins with words of the server's.
      const output = log.replace(/^(\[coalition\] .*\n)+/, '')
      if (output !== text)
        wrong.push(
          `the log of job ${id} has ${output.length} of ${text.length} characters: ${firstDifference(output, text)}`,
        )
    }
    expect(wrong.slice(0, 10)).toEqual([])
    for (const worker of workers) expect(await worker.stop()).toBe(0)
    expect(await server.stop()).toBe(0)
    const db = new Database(join(data, 'coalition.db'), { readonly: true })
    expect(breaches(db)).toEqual([])
    db.close()
  }),
)

function firstDifference(a: string, b: string): string {
  let i = 0
  while (i < a.length && a[i] === b[i]) i++
  return `${JSON.stringify(a.slice(i, i + 80))} where ${JSON.stringify(b.slice(i, i + 80))} should be, at ${i}`
}
