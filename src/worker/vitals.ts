/** Load and memory of the host, as the workers report them. */
import { type CpuInfo, cpus, freemem, totalmem } from 'node:os'

export interface Vitals {
  /** Load in percent, one number for each core. */
  cpu: number[]
  /** MB */
  free_memory: number
  /** MB */
  total_memory: number
}

type Times = Pick<CpuInfo, 'times'>

/** Cores that came or went between two readings have nothing to be compared with, and count as idle. */
export function load(before: Times[], after: Times[]): number[] {
  return after.map(({ times }, core) => {
    const then = before[core]?.times
    if (!then) return 0
    const total = sum(times) - sum(then)
    const busy = total - (times.idle - then.idle)
    return total > 0 ? Math.min(100, Math.max(0, Math.round((100 * busy) / total))) : 0
  })
}

const sum = (times: CpuInfo['times']) => times.user + times.nice + times.sys + times.idle + times.irq
const MB = 1024 * 1024
/** The system counts in ticks of 10 ms: over less than a second a load would be mostly rounding. */
const MIN_SPAN_MS = 1000

/** One for all slots of a host: each asks when it reports, and they must not shorten each other's span. */
export function createVitals(): () => Vitals {
  let reading = cpus()
  let readAt = performance.now()
  let cpu = reading.map(() => 0)
  return () => {
    if (performance.now() - readAt >= MIN_SPAN_MS) {
      const next = cpus()
      cpu = load(reading, next)
      reading = next
      readAt = performance.now()
    }
    return { cpu, free_memory: Math.floor(freemem() / MB), total_memory: Math.floor(totalmem() / MB) }
  }
}
