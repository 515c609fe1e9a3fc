import { Command } from '@commander-js/extra-typings'
import type { Event } from '../models.ts'
import { clientOptions, connect, examples, integer, jobId, LONG, queryOf, seconds } from './options.ts'
import { copyJson, print, printJson } from './output.ts'
import { type Column, formatDuration, formatTable, formatTime, paintState, paperOf } from './tables.ts'

const COLUMNS: Column<Event>[] = [
  { title: 'RUN', value: (event) => event.id, right: true },
  { title: 'START', value: (event) => formatTime(event.start) },
  { title: 'STATE', value: (event) => event.state, paint: paintState },
  { title: 'TIME', value: (event) => formatDuration(event.duration), right: true },
  { title: 'WORKER', value: (event) => event.worker, shrinks: true },
  { title: 'JOB', value: (event) => event.job_id, right: true },
  { title: 'TITLE', value: (event) => event.job_title, shrinks: true },
]

/** Of everything a farm ever ran, a person means the end. */
const LINES = 1000

export const eventsCommand = () =>
  clientOptions(new Command('events').description('list runs of jobs, newest last'))
    .option('--job <id>', 'only of this job', jobId)
    .option('--worker <name>', 'only on this worker')
    .option('--howlong <time>', 'only of the last 90, 15m, 2h, 7d', seconds)
    .option('--limit <number>', `only the newest (default: ${LINES} lines; all with --json)`, integer(1, 100_000))
    .addHelpText('after', examples('coalition events --howlong 2h', 'coalition events --job 12'))
    .action(async (options) => {
      const client = connect(options)
      const { job, worker, howlong, json, limit = json ? undefined : LINES } = options
      const read = (more: Record<string, string | number>) =>
        client.open('GET', `/api/events${queryOf({ job, worker, howlong, ...more })}`, undefined, LONG)
      if (limit === undefined) return copyJson(await read({}))
      const newestFirst = (await (await read({ sort: '-id', limit })).json()) as Event[]
      const events = newestFirst.reverse()
      if (json) return printJson(events)
      await print(formatTable(events, COLUMNS, paperOf(process.stdout)))
    })
