/** Time without the wall clock, which people and NTP set by hours, and machines sleep through. */
import { uptime } from 'node:os'

/**
 * A longer gap between two readings (the scheduler reads once a second) is time in which this process did not run: a
 * sleeping machine, a debugger, a reset of a million jobs. Nobody could be heard then, so it is nobody's silence.
 */
const LONGEST_GAP_SECONDS = 3
/** What such a gap counts for: the step of the scheduler that was due. */
const STEP_SECONDS = 1

/** Seconds during which this process could hear somebody: what a worker's silence is measured by. */
export function awakeClock(monotonicMs: () => number = () => performance.now()): () => number {
  let last = monotonicMs()
  let total = 0
  return () => {
    const now = monotonicMs()
    const gap = (now - last) / 1000
    total += gap > LONGEST_GAP_SECONDS ? STEP_SECONDS : gap
    last = now
    return total
  }
}

/** Less is what the two clocks are read apart by, and how NTP slews. */
const LEAST_JUMP_SECONDS = 5

/**
 * Answers by how many seconds the wall clock was set since the last call, mostly 0. Compared with the system's uptime,
 * which goes on while the machine sleeps, as the wall clock does; `performance.now()` stands still then.
 */
export function wallClockJumps(wall: () => number = () => Date.now() / 1000, up: () => number = uptime): () => number {
  let offset = wall() - up()
  return () => {
    const now = wall() - up()
    const jump = Math.round(now - offset)
    offset = now
    return Math.abs(jump) < LEAST_JUMP_SECONDS ? 0 : jump
  }
}
