import type { Worker } from '../../models.ts'

/** As it is shown: one that gets no job is stopped, whatever else it is. */
export type ShownState = Worker['state'] | 'STOPPED'
export const shownState = ({ active, state }: Pick<Worker, 'active' | 'state'>): ShownState =>
  active === 0 ? 'STOPPED' : state

/** As they are typed. A state that is added to the tables has to be added here, or this does not compile. */
const WORDS: Record<ShownState, string> = {
  WAITING: 'waiting',
  WORKING: 'working',
  TIMEOUT: 'timeout',
  STARTING: 'starting',
  TERMINATED: 'terminated',
  STOPPED: 'stopped',
}
export const WORKER_STATE_WORDS = Object.values(WORDS)

type Owned = Pick<Worker, 'name' | 'host' | 'cores' | 'total_memory'>

/** What the machines of workers have: one that several workers share counts once, by the one that says most. */
export function machinesOf(workers: readonly Owned[]): { cores: number; memory: number } {
  const sums = { cores: 0, memory: 0 }
  for (const sharing of Map.groupBy(workers, ({ name, host }) => host || name).values()) {
    sums.cores += Math.max(...sharing.map(({ cores }) => cores))
    sums.memory += Math.max(...sharing.map(({ total_memory }) => total_memory))
  }
  return sums
}

/** The load of each core in percent; what is no list is none. */
export function loadsOf({ cpu }: Pick<Worker, 'cpu'>): number[] {
  try {
    const loads: unknown = JSON.parse(cpu)
    return Array.isArray(loads) ? loads.map((load) => Math.max(0, Math.min(100, Number(load) || 0))) : []
  } catch {
    return []
  }
}

export const averageLoad = (loads: readonly number[]): number =>
  loads.length === 0 ? 0 : loads.reduce((sum, load) => sum + load, 0) / loads.length
