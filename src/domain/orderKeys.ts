/** By what a list can be ordered: the value as the page shows it. */
import { type SQL, sql } from 'drizzle-orm'
import { jobs } from '../db/schema.ts'
import type { Core } from './core.ts'

const isGroup = sql`${jobs.command} = ''`

const KEYS = {
  id: sql`${jobs.id}`,
  title: sql`lower(${jobs.title})`,
  url: sql`${jobs.url}`,
  user: sql`lower(${jobs.user})`,
  state: sql`${jobs.state}`,
  priority: sql`${jobs.priority}`,
  finished: sql`iif(${isGroup}, ${jobs.total_finished}, ${jobs.state} = 'FINISHED')`,
  working: sql`iif(${isGroup}, ${jobs.total_working}, ${jobs.state} = 'WORKING')`,
  errors: sql`iif(${isGroup}, ${jobs.total_errors}, ${jobs.state} = 'ERROR')`,
  total: sql`${jobs.total}`,
  progress: sql`iif(${isGroup}, cast(${jobs.total_finished} as real) / max(1, ${jobs.total}), ${jobs.progress})`,
  affinity: sql`${jobs.needs_id}`,
  limits: sql`${jobs.needs_id}`,
  timeout: sql`${jobs.timeout}`,
  retry: sql`${jobs.retry}`,
  worker: sql`lower(${jobs.worker})`,
  start_time: sql`${jobs.start_time}`,
  duration: sql`${jobs.duration}`,
  run_done: sql`${jobs.run_done}`,
  command: sql`${jobs.command}`,
  dir: sql`${jobs.dir}`,
  // How many: which they are has no order.
  dependencies: sql`${jobs.waits_for}`,
  start_after: sql`${jobs.start_after}`,
  memory: sql`${jobs.memory}`,
  cores: sql`${jobs.cores}`,
  gpus: sql`${jobs.gpus}`,
  max_workers: sql`${jobs.max_workers}`,
  error_limit: sql`${jobs.error_limit}`,
  retry_delay: sql`${jobs.retry_delay}`,
  retry_growth: sql`${jobs.retry_growth}`,
  min_run_time: sql`${jobs.min_run_time}`,
  idle_timeout: sql`${jobs.idle_timeout}`,
  fatal: sql`${jobs.fatal}`,
  success: sql`${jobs.success}`,
} satisfies Record<string, SQL>
export type OrderField = keyof typeof KEYS | 'eta'
export const ORDER_FIELDS = [...Object.keys(KEYS), 'eta'] as OrderField[]

/** Seconds that are left, as the page reckons them; of what nobody can say, `unknown`, so that it is last in any order. */
function remaining(now: number, unknown: SQL): SQL {
  const ended = sql`(${jobs.total_finished} + ${jobs.total_errors})`
  const seconds = sql`(${jobs.duration} + ${jobs.total_working} * ${now} - ${jobs.working_since})`
  // Those that run are half way, on average.
  const half = sql`${jobs.total_working} / 2.0`
  return sql`case
    when ${isGroup} then iif(${jobs.total_working} = 0 or ${ended} = 0 or ${ended} >= ${jobs.total}, ${unknown},
      ${seconds} / (${ended} + ${half}) * max(${jobs.total} - ${ended} - ${half}, 0) / ${jobs.total_working})
    when ${jobs.state} = 'WORKING' and ${jobs.progress} >= 0.02 then
      (${now} - ${jobs.start_time}) / ${jobs.progress} * (1 - ${jobs.progress})
    else ${unknown} end`
}

export type Key = number | string

export interface OrderKey {
  value: SQL<Key>
  /** From what the row says to what is compared. */
  read(value: Key): Key
}

export function orderKey({ needs }: Core, now: number, field: OrderField, descending: boolean): OrderKey {
  const same = (value: Key) => value
  if (field === 'eta') return { value: remaining(now, descending ? sql`-1` : sql`1e18`) as SQL<Key>, read: same }
  const value = KEYS[field] as SQL<Key>
  if (field === 'affinity') return { value, read: (id) => needs.text(Number(id)) }
  if (field === 'limits') return { value, read: (id) => needs.at(Number(id)).limits.join() }
  return { value, read: same }
}

export const compareKeys = (a: Key, b: Key): number => (a < b ? -1 : a > b ? 1 : 0)
