/** Sends a run's output and end to the server, whatever happens to the connection meanwhile. */
import { Refused } from '../client.ts'
import type { EndRequest, HeartbeatAnswer, HeartbeatRequest, RunAnswer } from '../protocol.ts'
import { type Link, Stopped } from './link.ts'
import type { Run } from './run.ts'
import type { Vitals } from './vitals.ts'
import { wait } from './wait.ts'

/** Bytes of output in one call: some 350 kB of JSON. */
const CHUNK = 256 * 1024
/** So much output does not wait for the next heartbeat. */
const MUCH = 64 * 1024
/** How often the spool is looked at; a command that prints without end sends at most 10 chunks a second. */
const LOOK_MS = 100

export interface Holder {
  worker: string
  session: string
  /** The number of the pick that gave the run. */
  pick: number
  /** Id of the run. */
  id: number
  link: Link
  vitals: () => Vitals
  heartbeatSeconds: number
}

/**
 * `ended`: the server knows the exit code. `taken`: the run is no longer ours, kill it. `stopped`: `signal` fired first.
 */
export type Outcome = 'ended' | 'taken' | 'stopped'

export async function report(run: Run, holder: Holder, signal: AbortSignal): Promise<Outcome> {
  const { worker, session, pick, id, link, vitals } = holder
  let offset = 0

  const chunk = () => {
    const bytes = run.spool.read(offset, CHUNK)
    return bytes.length > 0 ? { log: bytes.toString('base64'), log_offset: offset } : {}
  }

  /** Answers whether the server took something. */
  async function heartbeat(): Promise<boolean> {
    const body = (): HeartbeatRequest => ({ worker, session, pick, ...vitals(), ...chunk() })
    const answer = await link.post<HeartbeatAnswer>(`/api/runs/${id}/heartbeat`, body, signal)
    if (!answer.go_on) throw new Taken()
    // Less than we sent after the server lost some: the spool has all of it, so simply go on from there.
    const before = offset
    if (Number.isSafeInteger(answer.log_size) && answer.log_size >= 0) offset = answer.log_size
    return offset > before
  }

  async function untilOver(): Promise<void> {
    let beat = performance.now()
    let taking = true
    const ended = AbortSignal.any([signal, run.over])
    while (!ended.aborted) {
      await wait(LOOK_MS, ended)
      const due = performance.now() - beat >= holder.heartbeatSeconds * 1000
      const much = taking && run.spool.size - offset >= MUCH
      if (ended.aborted || !(due || much)) continue
      beat = performance.now()
      taking = await heartbeat()
    }
    if (signal.aborted) throw new Stopped()
  }

  async function end(): Promise<Outcome> {
    // Short output goes with the end, in one call. After earlier chunks a heartbeat first tells whether the server
    // still has them. One that goes on and takes nothing still wants to know the end; one whose disk is full says so
    // (507), and is asked again until there is room: the output waits in the spool.
    let untaken = 0
    while (untaken < 2 && offset < run.spool.size && (offset > 0 || run.spool.size > CHUNK)) {
      untaken = (await heartbeat()) ? 0 : untaken + 1
    }
    const body = (): EndRequest => ({ worker, session, pick, exit_code: run.exitCode, ...vitals(), ...chunk() })
    const answer = await link.post<RunAnswer>(`/api/runs/${id}/end`, body, signal)
    return answer.state === 'STOPPED' || answer.state === 'LOST' ? 'taken' : 'ended'
  }

  try {
    await untilOver()
    return await end()
  } catch (error) {
    if (error instanceof Taken) return 'taken'
    if (error instanceof Stopped) return 'stopped'
    // 404 and 409: the run is gone. Any other refusal: a report that the server cannot read will not get better.
    if (error instanceof Refused) {
      if (error.status !== 404 && error.status !== 409) throw error
      return 'taken'
    }
    throw error
  }
}

class Taken extends Error {}
