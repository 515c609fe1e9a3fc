import { Command } from '@commander-js/extra-typings'
import type { AuditRecord } from '../models.ts'
import { clientOptions, connect, examples, integer, pointInTime, queryOf, seconds } from './options.ts'
import { print, printJson } from './output.ts'
import { type Column, formatTable, formatTime, paperOf } from './tables.ts'

const MOST_LISTED = 3

const objectsOf = ({ objects, count }: AuditRecord): string => {
  const shown = objects.slice(0, MOST_LISTED).join(' ')
  return count > MOST_LISTED ? `${shown} … (${count})` : shown
}
const changesOf = ({ changes, count }: AuditRecord): string =>
  changes
    .map(({ object, field, before, after }) =>
      [count > 1 && `${object}:`, field, [...new Set([before, after])].filter((value) => value !== null).join(' → ')]
        .filter(Boolean)
        .join(' '),
    )
    .join('; ')

const COLUMNS: Column<AuditRecord>[] = [
  { title: 'TIME', value: (record) => formatTime(record.time) },
  { title: 'WHO', value: ({ who, actor }) => who || actor },
  { title: 'FROM', value: (record) => record.address },
  {
    title: 'ACTION',
    value: ({ action, outcome, times }) =>
      outcome === 'refused' ? `${action} refused${times > 1 ? ` ${times}x` : ''}` : action,
  },
  { title: 'WHAT', value: objectsOf, shrinks: true },
  { title: 'CHANGES', value: changesOf, shrinks: true },
]

export const auditCommand = () =>
  clientOptions(new Command('audit').description('list who changed what, newest last'))
    .option('--who <name>', 'only by this user or worker')
    .option('--action <action>', 'only this, as jobs.edit, or all that begins so, as jobs')
    .option('--kind <kind>', 'only of jobs, workers, users, ...: job, worker, user, token, limit, affinity, server')
    .option('--object <id>', 'only of the one with this id or name')
    .option('--address <address>', 'only from there')
    .option('--text <text>', 'only what has this in it')
    .option('--refused', 'only what was refused')
    .option('--howlong <time>', 'only of the last 90, 15m, 2h, 7d', seconds)
    .option('--since <time>', 'only since 2026-12-24T18:00', (text) => pointInTime(text))
    .option('--until <time>', 'only until then', (text) => pointInTime(text))
    .option('--limit <number>', 'only the newest', integer(1, 1000), 200)
    .addHelpText('after', examples('coalition audit --howlong 2h', 'coalition audit --kind job --object 12'))
    .action(async ({ refused, howlong, since, json, server, ...filter }) => {
      const from = since ?? (howlong === undefined ? undefined : Math.floor(Date.now() / 1000) - howlong)
      const query = queryOf({ ...filter, since: from, outcome: refused ? 'refused' : undefined })
      const records = (await connect({ server }).call<AuditRecord[]>('GET', `/api/audit${query}`)).reverse()
      if (json) return printJson(records)
      await print(formatTable(records, COLUMNS, paperOf(process.stdout)))
    })
