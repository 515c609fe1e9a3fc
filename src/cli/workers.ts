import { Command } from '@commander-js/extra-typings'
import type { Client } from '../client.ts'
import type { Worker, WorkerEdit } from '../models.ts'
import { credentialsCommand, joinTokenCommand, revokeCommand } from './joining.ts'
import { clientOptions, collect, connect, examples } from './options.ts'
import { wrongUsage } from './outcome.ts'
import { print, printJson } from './output.ts'
import { type Column, formatTable, formatTime, paintState, paperOf } from './tables.ts'
import { workerWhyCommand } from './why.ts'

const COLUMNS: Column<Worker>[] = [
  { title: 'NAME', value: (worker) => worker.name },
  { title: 'STATE', value: (worker) => worker.state, paint: paintState },
  { title: 'ACTIVE', value: (worker) => (worker.active ? 'yes' : 'no') },
  { title: 'JOB', value: (worker) => worker.last_job || '', right: true },
  { title: 'LOAD', value: (worker) => meanLoad(worker.cpu), right: true },
  { title: 'FREE GB', value: (worker) => gigabytes(worker.free_memory), right: true },
  { title: 'OF', value: (worker) => gigabytes(worker.total_memory), right: true },
  { title: 'FINISHED', value: (worker) => worker.finished, right: true },
  { title: 'ERRORS', value: (worker) => worker.error, right: true },
  { title: 'LAST SEEN', value: (worker) => formatTime(worker.ping_time) },
  { title: 'IP', value: (worker) => worker.ip },
  { title: 'AFFINITY', value: (worker) => worker.affinity.replaceAll('\n', ' | '), shrinks: true },
]

const gigabytes = (megabytes: number): string => (megabytes > 0 ? (megabytes / 1024).toFixed(1) : '')

/** `cpu` is a JSON list as text, from whoever speaks the worker's wire: anything else has no load. */
export function meanLoad(cpu: string): string {
  let loads: unknown
  try {
    loads = JSON.parse(cpu)
  } catch {
    return ''
  }
  if (!Array.isArray(loads) || loads.length === 0 || !loads.every((load) => typeof load === 'number')) return ''
  return `${Math.round(loads.reduce((sum: number, load: number) => sum + load, 0) / loads.length)}%`
}

const list = () =>
  clientOptions(new Command('list').description('list the workers'))
    .addHelpText('after', examples('coalition workers list'))
    .action(async (options) => {
      const workers = await connect(options).call<Worker[]>('GET', '/api/workers')
      if (options.json) return printJson(workers)
      await print(formatTable(workers, COLUMNS, paperOf(process.stdout)))
    })

const onMany = (
  name: string,
  description: string,
  done: string,
  call: (client: Client, names: string[]) => Promise<unknown>,
) =>
  clientOptions(new Command(name).description(description))
    .argument('<name...>', 'names of the workers')
    .addHelpText('after', examples(`coalition workers ${name} node-1 node-2`))
    .action(async (names, options) => {
      const answer = await call(connect(options), names)
      if (options.json) return printJson(answer)
      await print(`${names.length === 1 ? `worker ${names[0]}` : `${names.length} workers`} ${done}`)
    })

const edit = () =>
  clientOptions(new Command('edit').description('change workers'))
    .argument('<name...>', 'names of the workers')
    .option('--affinity <names>', 'a line of names, most preferred first; may be given again', collect)
    .option('--active', 'they get jobs')
    .option('--inactive', 'they get no job, and what they run is stopped')
    .addHelpText('after', examples('coalition workers edit node-1 --affinity LINUX,GPU --affinity LINUX'))
    .action(async (names, options) => {
      if (options.active && options.inactive) throw wrongUsage('--active and --inactive exclude each other')
      const changes: WorkerEdit = {}
      if (options.affinity) changes.affinity = options.affinity.join('\n')
      if (options.active || options.inactive) changes.active = options.active ? 1 : 0
      if (Object.keys(changes).length === 0)
        throw wrongUsage('nothing to change: give --affinity, --active or --inactive')
      const answer = await connect(options).call(
        'POST',
        '/api/workers',
        Object.fromEntries(names.map((name) => [name, changes])),
      )
      if (options.json) return printJson(answer)
      await print(`${names.length === 1 ? `worker ${names[0]}` : `${names.length} workers`} changed`)
    })

export const workersCommand = () =>
  new Command('workers')
    .description('list, start, stop and change workers')
    .addCommand(list())
    .addCommand(workerWhyCommand())
    .addCommand(
      onMany('start', 'let workers have jobs', 'started', (client, names) =>
        client.call('POST', '/api/startworkers', names),
      ),
    )
    .addCommand(
      onMany('stop', 'give workers no more jobs, and stop what they run', 'stopped', (client, names) =>
        client.call('POST', '/api/stopworkers', names),
      ),
    )
    .addCommand(edit())
    .addCommand(joinTokenCommand())
    .addCommand(credentialsCommand())
    .addCommand(revokeCommand())
    .addCommand(
      onMany('delete', 'forget workers; one that speaks again is new', 'deleted', (client, names) =>
        client.call('DELETE', '/api/workers', names),
      ),
    )
    .addHelpText('after', examples('coalition workers list'))
