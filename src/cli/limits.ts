import { Command } from '@commander-js/extra-typings'
import type { LimitEdits, Limits } from '../models.ts'
import { clientOptions, connect, examples, integer } from './options.ts'
import { print, printJson } from './output.ts'
import { type Column, formatTable, paperOf } from './tables.ts'

type Row = { name: string } & Limits[string]

const COLUMNS: Column<Row>[] = [
  { title: 'NAME', value: (limit) => limit.name },
  { title: 'USED', value: (limit) => limit.used, right: true },
  { title: 'OF', value: (limit) => limit.max, right: true },
  { title: 'PER', value: (limit) => limit.per },
]

const list = () =>
  clientOptions(new Command('list').description('list the limits of the farm, and how much of them is in use'))
    .addHelpText('after', examples('coalition limits list'))
    .action(async (options) => {
      const limits = await connect(options).call<Limits>('GET', '/api/limits')
      if (options.json) return printJson(limits)
      const rows = Object.entries(limits).map(([name, limit]) => ({ name, ...limit }))
      await print(formatTable(rows, COLUMNS, paperOf(process.stdout)))
    })

const set = () =>
  clientOptions(new Command('set').description('how many runs there may be at once of jobs that name the limit'))
    .argument('<name>', 'name of the limit')
    .argument('<max>', 'how many', integer(0))
    .option('--per-host', 'distinct hosts are counted, not runs')
    .option('--per-run', 'runs are counted')
    .addHelpText('after', examples('coalition limits set nuke 10', 'coalition limits set houdini 5 --per-host'))
    .action(async (name, max, options) => {
      const per = options.perHost ? 'host' : options.perRun ? 'run' : undefined
      const edits: LimitEdits = { [name]: per ? { max, per } : max }
      const answer = await connect(options).call('POST', '/api/limits', edits)
      if (options.json) return printJson(answer)
      await print(`limit ${name} is ${max}`)
    })

const remove = () =>
  clientOptions(new Command('delete').description('take limits away: what names them runs as it likes'))
    .argument('<name...>', 'names of the limits')
    .addHelpText('after', examples('coalition limits delete nuke'))
    .action(async (names, options) => {
      const edits: LimitEdits = Object.fromEntries(names.map((name) => [name, null]))
      const answer = await connect(options).call('POST', '/api/limits', edits)
      if (options.json) return printJson(answer)
      await print(`${names.length === 1 ? `limit ${names[0]}` : `${names.length} limits`} deleted`)
    })

export const limitsCommand = () =>
  new Command('limits')
    .description('what the whole farm has only so many of: licences, seats')
    .addCommand(list())
    .addCommand(set())
    .addCommand(remove())
    .addHelpText('after', examples('coalition limits set nuke 10', 'coalition limits list'))
