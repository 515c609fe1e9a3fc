import { Command } from '@commander-js/extra-typings'
import type { Client } from '../client.ts'
import type { Job } from '../models.ts'
import { blocklistCommand } from './blocklist.ts'
import { addCommand, editCommand } from './jobedit.ts'
import { logCommand } from './joblog.ts'
import { waitCommand } from './jobwait.ts'
import { clientOptions, connect, examples, integer, jobId, jobIds, LONG, queryOf } from './options.ts'
import { wrongUsage } from './outcome.ts'
import { copyJson, print, printJson } from './output.ts'
import {
  type Column,
  formatDone,
  formatDuration,
  formatFields,
  formatPercent,
  formatTable,
  formatTime,
  paintState,
  paperOf,
} from './tables.ts'
import { jobWhyCommand } from './why.ts'

/** Nobody reads further in a terminal; scripts take `--json`, which is not cut. */
const LINES = 1000
/** The API's limit is 100,000, and one more is asked for than is shown. Longer lists are for `--json`. */
const MOST = 99_999

const COLUMNS: Column<Job>[] = [
  { title: 'ID', value: (job) => job.id, right: true },
  { title: 'STATE', value: (job) => job.state, paint: paintState },
  { title: 'TITLE', value: (job) => job.title, shrinks: true },
  { title: '%', value: (job) => formatPercent(job.progress), right: true },
  { title: 'DONE', value: formatDone, right: true },
  { title: 'ERRORS', value: (job) => job.total_errors || '', right: true },
  { title: 'PRIORITY', value: (job) => job.priority, right: true },
  { title: 'TIME', value: (job) => (job.start_time ? formatDuration(job.duration) : ''), right: true },
  { title: 'USER', value: (job) => job.user, shrinks: true },
  { title: 'WORKER', value: (job) => job.worker, shrinks: true },
  { title: 'AFFINITY', value: (job) => job.affinity, shrinks: true },
]

const list = () =>
  clientOptions(new Command('list').description('list the jobs of a group, or of the root'))
    .argument('[parent]', 'id of the group', integer(0))
    .option(
      '--state <states>',
      'WAITING, PENDING, PAUSED, WORKING, FINISHED or ERROR; of several, any: ERROR,PAUSED',
      (text) => text.toUpperCase(),
    )
    .option('--user <names>', 'whose: ann, or any of ann,bob')
    .option('--title <text>', 'contained in the title')
    .option('--worker <names>', 'last taken by any of these')
    .option('--affinity <names>', 'which needs any of these')
    .option('--min-priority <number>', 'this or higher', integer(Number.MIN_SAFE_INTEGER))
    .option('--max-priority <number>', 'this or lower', integer(Number.MIN_SAFE_INTEGER))
    .option(
      '--sort <field>',
      'field to sort by: id, title, state, user, worker, priority, start_time, duration, progress, ...',
    )
    .option('--desc', 'the other way round')
    .option('--limit <number>', `longest list (default: ${LINES} lines; all with --json)`, integer(1, MOST))
    .addHelpText(
      'after',
      examples('coalition jobs list --state ERROR', 'coalition jobs list 12 --sort priority --desc'),
    )
    .action(async (parent, options) => {
      if (options.desc && !options.sort) throw wrongUsage('--desc needs --sort FIELD')
      const limit = options.limit ?? (options.json ? undefined : LINES)
      const query = queryOf({
        state: options.state,
        user: options.user,
        title: options.title,
        worker: options.worker,
        affinity: options.affinity,
        min_priority: options.minPriority,
        max_priority: options.maxPriority,
        sort: options.sort && `${options.desc ? '-' : ''}${options.sort}`,
        // One more than is shown tells whether there are more.
        limit: limit === undefined ? undefined : limit + (options.json ? 0 : 1),
      })
      const path = parent ? `/api/jobs/${parent}/children` : '/api/jobs'
      const client = connect(options)
      if (options.json) return copyJson(await client.open('GET', path + query, undefined, LONG))
      const jobs = await client.call<Job[]>('GET', path + query, undefined, LONG)
      await print(formatTable(jobs.slice(0, limit), COLUMNS, paperOf(process.stdout)))
      if (limit !== undefined && jobs.length > limit) console.error(`the first ${limit}; --limit N shows more`)
    })

const show = () =>
  clientOptions(new Command('show').description('show all about a job'))
    .argument('<id>', 'id of the job', jobId)
    .addHelpText('after', examples('coalition jobs show 12'))
    .action(async (id, options) => {
      const job = await connect(options).call<Job>('GET', `/api/jobs/${id}`)
      if (options.json) return printJson(job)
      await print(
        formatFields({
          ...job,
          environment: job.environment.replaceAll('\\n', '\n'),
          start_time: formatTime(job.start_time),
          ping_time: formatTime(job.ping_time),
          duration: formatDuration(job.duration),
          progress: formatPercent(job.progress),
          dependencies: job.dependencies.join(','),
          dependency_kinds: Object.entries(job.dependency_kinds)
            .map(([id, kind]) => `${id}: ${kind}`)
            .join(', '),
        }),
      )
    })

/** A call that takes ids, and happens for all of them or for none. */
const onMany = (
  name: string,
  description: string,
  done: string,
  call: (client: Client, ids: number[]) => Promise<unknown>,
) =>
  clientOptions(new Command(name).description(description))
    .argument('<id...>', 'ids of the jobs', jobIds)
    .addHelpText('after', examples(`coalition jobs ${name} 12 13`))
    .action(async (ids, options) => {
      const answer = await call(connect(options), ids)
      if (options.json) return printJson(answer)
      await print(`${ids.length === 1 ? `job ${ids[0]}` : `${ids.length} jobs`} ${done}`)
    })

const post = (path: string) => (client: Client, ids: number[]) => client.call('POST', path, ids, LONG)

export const jobsCommand = () =>
  new Command('jobs')
    .description('submit, list, change and watch jobs')
    .addCommand(addCommand())
    .addCommand(list())
    .addCommand(show())
    .addCommand(editCommand())
    .addCommand(
      onMany('start', 'let jobs run that are paused, and run again what has run', 'started', post('/api/startjobs')),
    )
    .addCommand(onMany('pause', 'hold jobs back, and stop them where they run', 'paused', post('/api/pausejobs')))
    .addCommand(onMany('reset', 'run jobs and all below them again', 'reset', post('/api/resetjobs')))
    .addCommand(
      onMany('reset-errors', 'run again what ended in ERROR', 'reset where in ERROR', post('/api/reseterrorjobs')),
    )
    .addCommand(
      onMany('delete', 'delete jobs, all below them, and their logs', 'deleted', (client, ids) =>
        client.call('DELETE', '/api/jobs', ids, LONG),
      ),
    )
    .addCommand(logCommand())
    .addCommand(jobWhyCommand())
    .addCommand(blocklistCommand())
    .addCommand(waitCommand())
    .addHelpText(
      'after',
      examples('coalition jobs add --title "Shot 010" -- blender -b shot.blend -f 1', 'coalition jobs list'),
    )
