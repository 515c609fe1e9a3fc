/** A worker without commands: picks, prints and ends over the wire, and remembers what it was answered. */
import type { Database } from 'bun:sqlite'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EventRow, RunState } from '../../src/db/schema.ts'
import type { Assignment, HeartbeatAnswer, RunAnswer } from '../../src/protocol.ts'
import type { Random } from './rounds.ts'
import { ask, Cut } from './wire.ts'

interface Held {
  run: number
  job: number
  output: Buffer
  /** Bytes of it that the server said it has. */
  taken: number
  exitCode?: number
}

export class Hand {
  #held: Held | undefined
  #ended: { run: number; job: number; state: RunState; output: Buffer }[] = []
  /** An answer that cannot be right. */
  readonly wrong: string[] = []
  answered = 0
  cut = 0

  constructor(
    readonly name: string,
    private readonly random: Random,
  ) {}

  async work(url: string): Promise<void> {
    try {
      for (;;) await this.#turn(url)
    } catch (error) {
      if (!(error instanceof Cut)) throw error
      this.cut += 1
    }
  }

  async #turn(url: string): Promise<void> {
    const held = this.#held
    if (!held) {
      const picked = await ask<Assignment | null>(url, 'POST', `/api/workers/${this.name}/pick`, { wait: 0 })
      this.answered += 1
      if (picked) this.#held = { run: picked.run, job: picked.job.id, output: Buffer.alloc(0), taken: 0 }
      else await Bun.sleep(5)
      return
    }
    if (held.exitCode === undefined && this.random() < 0.6) {
      const line = `run ${held.run} ${'x'.repeat(this.random.int(3000))}\n`
      held.output = Buffer.concat([held.output, Buffer.from(line)])
      const log = held.output.subarray(held.taken)
      const answer = await ask<HeartbeatAnswer>(url, 'POST', `/api/runs/${held.run}/heartbeat`, {
        worker: this.name,
        log: log.toString('base64'),
        log_offset: held.taken,
      })
      this.answered += 1
      if (!answer.go_on) {
        this.#held = undefined
        return
      }
      if (answer.log_size !== held.output.length)
        this.wrong.push(`run ${held.run}: the server has ${answer.log_size} of ${held.output.length} bytes`)
      held.taken = answer.log_size
      return
    }
    held.exitCode ??= this.random() < 0.8 ? 0 : 3
    const answer = await ask<RunAnswer>(url, 'POST', `/api/runs/${held.run}/end`, {
      worker: this.name,
      exit_code: held.exitCode,
      log: held.output.subarray(held.taken).toString('base64'),
      log_offset: held.taken,
    })
    this.answered += 1
    const { state } = answer
    const right = state === (held.exitCode === 0 ? 'FINISHED' : 'ERROR') || state === 'STOPPED'
    if (!right) this.wrong.push(`run ${held.run} ended ${held.exitCode} and was answered ${state}`)
    this.#ended.push({ run: held.run, job: held.job, state, output: held.output })
    this.#held = undefined
  }

  /** What of its answers the database, and the logs beside it, do not have. */
  compare(db: Database, logs: string): string[] {
    const wrong = this.wrong.splice(0)
    const event = db.query<EventRow, [number]>('select * from events where id = ?')
    const jobThere = db.query('select 1 from jobs where id = ?')
    for (const { run, job, state, output } of this.#ended.splice(0)) {
      const row = event.get(run)
      if (row?.state !== state || row.worker !== this.name || row.job_id !== job)
        wrong.push(`run ${run} was answered ${state}, and is ${JSON.stringify(row)}`)
      else if (state !== 'STOPPED' && output.length > 0 && jobThere.get(job)) {
        const file = readFileSync(join(logs, String(Math.floor(job / 1000)), `${job}.log`))
        const kept = file.subarray(row.log_start, row.log_start + output.length)
        if (!kept.equals(output)) wrong.push(`the output of run ${run} is not what was sent, in the log of job ${job}`)
      }
    }
    const held = this.#held
    if (!held) return wrong
    const row = event.get(held.run)
    if (row?.worker !== this.name || row.job_id !== held.job)
      wrong.push(`run ${held.run} was given to ${this.name}, and is ${JSON.stringify(row)}`)
    return wrong
  }
}
