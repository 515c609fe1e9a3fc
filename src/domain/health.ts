import type { Health } from '../answers.ts'
import { VERSION } from '../version.ts'
import type { Core } from './core.ts'

/** How the server is, from what is in memory. */
export function healthOf({ tree, live }: Core, now: number, started: number): Health {
  const { root } = tree
  const living = [...live.workers.values()]
  return {
    status: 'ok',
    version: VERSION,
    uptime: Math.max(0, now - started),
    jobs: {
      total: root.total,
      working: root.total_working,
      finished: root.total_finished,
      errors: root.total_errors,
      ready: root.ready.values().reduce((sum, count) => sum + count, 0),
    },
    workers: {
      total: living.length,
      working: living.filter((worker) => worker.run > 0).length,
      timeout: living.filter((worker) => worker.lost).length,
    },
  }
}
