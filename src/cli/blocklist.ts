import { Command } from '@commander-js/extra-typings'
import type { Blocked } from '../models.ts'
import { clientOptions, connect, examples, jobId } from './options.ts'
import { print, printJson } from './output.ts'
import { type Column, formatTable, formatTime, paperOf } from './tables.ts'

const COLUMNS: Column<Blocked>[] = [
  { title: 'WORKER', value: (row) => row.worker },
  { title: 'FAILURES', value: (row) => row.failures, right: true },
  { title: 'LAST', value: (row) => formatTime(row.since) },
  { title: 'BLOCKED', value: (row) => (row.blocked ? 'yes' : '') },
]

/** `jobs blocklist`: who failed in a root job, and is blocked for it. */
export const blocklistCommand = () =>
  clientOptions(
    new Command('blocklist').description('show the workers that failed in a root job, or let them try again'),
  )
    .argument('<id>', 'id of the root job', jobId)
    .option('--clear [name...]', 'forget the failures of these workers; without names, of all')
    .addHelpText('after', examples('coalition jobs blocklist 12', 'coalition jobs blocklist 12 --clear node-7'))
    .action(async (id, options) => {
      const path = `/api/jobs/${id}/blocklist`
      const client = connect(options)
      if (options.clear) {
        const answer = await client.call('DELETE', path, options.clear === true ? [] : options.clear)
        if (options.json) return printJson(answer)
        return print(`blocklist of job ${id} cleared`)
      }
      const rows = await client.call<Blocked[]>('GET', path)
      if (options.json) return printJson(rows)
      await print(formatTable(rows, COLUMNS, paperOf(process.stdout)))
    })
