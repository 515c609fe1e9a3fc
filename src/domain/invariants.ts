/**
 * What always holds between the rows, as conditions that SQLite looks at row by row: one pass over each table finds all that
 * is broken in it. What is counted over many rows is in check.ts.
 */
import { IS_THERE, readingAsReset } from './seen.ts'

export interface Invariant {
  name: string
  /** What holds, in words. */
  text: string
  /** True of a row where it does not. */
  broken: string
  /** What to show of that row. */
  shown: string
  /** It follows from other rows: the assignment that makes it so. */
  mend?: string
}

const DEPENDENCIES = '(select count(*) from dependencies where job_id = jobs.id)'
/** Between groups of frames, when all the links between their leaves are there. */
const LINKED = `not exists (select 1 from frame_links f
  where f.job_id = dependencies.job_id and f.dependency = dependencies.dependency and f.make = 1)`
/** Whether a dependency is met, as `dependents.ts` has it. What reads as reset is not FINISHED, whatever its row says. */
const MET = `(select iif(needed.command = '' and kind = 'frame', ${LINKED},
    r.job_id is null and iif(needed.command = '' and kind <> 'all', needed.total_finished > 0, needed.state = 'FINISHED'))
  from jobs needed left join ${readingAsReset('needed')} where needed.id = dependencies.dependency)`
/** Those that wait for it are being told: some of them know it, some do not. */
const BEING_TOLD = 'dependency in (select dependency from tellings)'
const UNFINISHED = '(select count(*) from dependencies where job_id = jobs.id and met = 0)'
const READY = `(command <> '' and state = 'WAITING' and wake_at = 0)`
const WAKE = 'max(start_after, retry_at)'
const DEADLINE = 'iif(run > 0 and timeout > 0, start_time + timeout, 0)'
/** Of a job that does not run, has not ended and is not paused (`states.ts`, restingState). */
const RESTING = `iif(unfinished > 0, 'PENDING', 'WAITING')`
const OF_GROUPS = 'finished, errors, working, total, total_finished, total_errors, total_working, working_since'

/** In the order in which one follows from the other: `--repair` goes through them so. */
const JOBS: Invariant[] = [
  {
    name: 'parent',
    text: 'a job is in the root or in a group that is there',
    broken: `parent > 0 and not exists (select 1 from jobs above where above.id = jobs.parent and above.command = '')`,
    shown: `'in job ' || parent`,
  },
  {
    name: 'needs',
    text: 'the set of what a job needs is there',
    broken: 'needs_id <> 0 and needs_id not in (select id from needs)',
    shown: `'needs set ' || needs_id`,
  },
  {
    name: 'paused',
    text: 'a job is PAUSED when it is paused, and not otherwise',
    broken: `paused <> (state = 'PAUSED')`,
    shown: `state || ', paused ' || paused`,
  },
  {
    name: 'running',
    text: 'a leaf is WORKING when a run holds it, and not otherwise; no run holds a group',
    broken: `(run > 0) <> (command <> '' and state = 'WORKING')`,
    shown: `state || ', run ' || run`,
  },
  {
    name: 'run',
    text: 'the run that holds a job is an open event of that job and its worker',
    broken: `run > 0 and not exists (select 1 from events
      where id = run and events.state = 'WORKING' and job_id = jobs.id and events.worker = jobs.worker)`,
    shown: `'run ' || run || ' on ' || worker`,
  },
  {
    name: 'holder',
    text: 'the worker of a running job holds its run',
    broken: 'run > 0 and not exists (select 1 from workers where name = worker and current_event = run)',
    shown: `'run ' || run || ' on ' || worker`,
  },
  {
    name: 'deadline',
    text: 'a run has an end when its job has a time-out, and not otherwise',
    // When that is moves with the wall clock.
    broken: `(deadline > 0) <> (${DEADLINE} > 0)`,
    shown: `'deadline ' || deadline || ', should be ' || ${DEADLINE}`,
    mend: `deadline = ${DEADLINE}`,
  },
  {
    name: 'leaf counters',
    text: 'a leaf counts nothing below it',
    broken: `command <> '' and (0, 0, 0, 0, 0, 0, 0, 0) <> (${OF_GROUPS})`,
    shown: `'total ' || total`,
    mend: `(${OF_GROUPS}) = (0, 0, 0, 0, 0, 0, 0, 0)`,
  },
  {
    name: 'waits_for',
    text: 'waits_for is the number of dependencies',
    broken: `waits_for <> ${DEPENDENCIES}`,
    shown: `waits_for || ', counted ' || ${DEPENDENCIES}`,
    mend: `waits_for = ${DEPENDENCIES}`,
  },
  {
    name: 'waited',
    text: 'a job that another one waits for knows that one may',
    broken: 'waited = 0 and exists (select 1 from dependencies where dependency = jobs.id)',
    shown: `'waited ' || waited`,
    mend: 'waited = 1',
  },
  {
    name: 'told',
    text: 'a job knows which of its dependencies are met',
    broken: `exists (select 1 from dependencies where job_id = jobs.id and met <> ${MET} and not ${BEING_TOLD})`,
    shown: `(select group_concat(dependency) from dependencies where job_id = jobs.id and met <> ${MET})`,
  },
  {
    name: 'unfinished',
    text: 'unfinished is the number of dependencies that are not met',
    broken: `unfinished <> ${UNFINISHED}`,
    shown: `unfinished || ', counted ' || ${UNFINISHED}`,
    mend: `unfinished = ${UNFINISHED}`,
  },
  {
    name: 'waiting',
    text: 'what waits is PENDING while a dependency is not FINISHED, WAITING otherwise',
    broken: `state in ('WAITING', 'PENDING') and state <> ${RESTING}`,
    shown: `state || ', unfinished ' || unfinished`,
    mend: `state = ${RESTING}`,
  },
  {
    name: 'wake_at',
    text: 'what waits for a time waits for its own, or for that of the next try',
    broken: `wake_at not in (0, ${WAKE})`,
    shown: `wake_at || ', should be ' || ${WAKE}`,
    // The next step of the scheduler lets it go if that is over.
    mend: `wake_at = ${WAKE}`,
  },
  {
    name: 'ready',
    text: 'a leaf is ready when it is WAITING and no time holds it, and not otherwise',
    broken: `ready <> ${READY}`,
    shown: `state || ', ready ' || ready`,
    mend: `ready = ${READY}`,
  },
]

const DEPENDENCY_ROWS: Invariant[] = [
  {
    name: 'dependencies',
    text: 'a dependency is of a job that is there, on a job that is there',
    broken: `not exists (select 1 from jobs where id = job_id) or not exists (select 1 from jobs where id = dependency)`,
    shown: `'on job ' || dependency`,
  },
]

const WORKERS: Invariant[] = [
  {
    name: 'worker state',
    text: 'a worker is WORKING when it holds a run, and not otherwise',
    broken: `(current_event > 0) <> (state = 'WORKING')`,
    shown: `state || ', run ' || current_event`,
  },
  {
    name: 'worker run',
    text: 'the run that a worker holds is of a job that it holds',
    broken: `current_event > 0 and not exists (select 1 from events join jobs on jobs.id = job_id
      where events.id = current_event and run = current_event and jobs.worker = workers.name)`,
    shown: `'run ' || current_event`,
  },
]

const EVENTS: Invariant[] = [
  {
    name: 'events',
    text: 'an open event is the run of a job',
    broken: `state = 'WORKING' and not exists (select 1 from jobs where jobs.id = job_id and run = events.id)`,
    shown: `'of job ' || job_id`,
  },
  {
    name: 'held',
    text: 'the set of what an open run holds is there',
    broken: `state = 'WORKING' and needs_id <> 0 and needs_id not in (select id from needs)`,
    shown: `'needs set ' || needs_id`,
  },
]

const SEQUENCES: Invariant[] = [
  {
    name: 'ids',
    text: 'no id is given again',
    broken: `(name = 'jobs' and seq < (select max(id) from jobs)) or (name = 'events' and seq < (select max(id) from events))`,
    shown: `'last given ' || seq`,
  },
]

export const JOB_INVARIANTS: readonly Invariant[] = JOBS
/** Makes all jobs know what they wait for; `unfinished` follows from it. */
export const TELL_ALL = `update dependencies set met = ${MET} where met <> ${MET}`
/** Each table with what names one of its rows. */
export const TABLES: readonly { from: string; label: string; invariants: readonly Invariant[]; where?: string }[] = [
  // What is being made or deleted is seen by nobody, and holds together when that is done.
  { from: 'jobs', label: `'job ' || id`, invariants: JOBS, where: IS_THERE },
  { from: 'dependencies', label: `'job ' || job_id`, invariants: DEPENDENCY_ROWS },
  { from: 'workers', label: `'worker ' || name`, invariants: WORKERS },
  { from: 'events', label: `'run ' || id`, invariants: EVENTS },
  { from: 'sqlite_sequence', label: 'name', invariants: SEQUENCES },
]
