/**
 * `bun run bench`: the server against the ceiling of its own HTTP library, one beside the other, on loopback.
 * Numbers are medians over several rounds. Machines are noisy: the ratios within one run count.
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Command, InvalidArgumentError } from '@commander-js/extra-typings'
import { frames, groups, lists, start } from './large.ts'
import { CACHE, ROOT } from './processes.ts'
import { machine, print, type Row } from './report.ts'
import { cycles, floors, submissions } from './throughput.ts'
import { heartbeats, idle } from './workers.ts'

export interface Options {
  rounds: number
  /** Of one measurement. */
  seconds: number
  profile?: string
}

/** In the order of the table. */
const PARTS = { floors, cycles, submissions, frames, heartbeats, idle, lists, groups, start }
const NAMES = Object.keys(PARTS).join(', ')

/** Whatever hangs, the whole ends. */
const LIMIT_MINUTES = 30

const options = new Command('bench')
  .description('measure the executable against the ceiling of its HTTP library')
  .option('--quick', 'few and short rounds: a first impression')
  .option('--only <name>', `one of ${NAMES}; may be given again`, part, [] as (keyof typeof PARTS)[])
  .option('--json', 'print JSON')
  .option('--no-build', 'measure dist/coalition as it is')
  .option('--profile <folder>', 'write CPU profiles of the server there; it runs from source then')
  .parse()
  .opts()

function part(name: string, before: (keyof typeof PARTS)[]): (keyof typeof PARTS)[] {
  if (!(name in PARTS)) throw new InvalidArgumentError(`It is one of ${NAMES}.`)
  return [...before, name as keyof typeof PARTS]
}

setTimeout(() => {
  console.error(`The benchmark took longer than ${LIMIT_MINUTES} minutes: given up.`)
  process.exit(1)
}, LIMIT_MINUTES * 60_000).unref()
// Leaves by the exit, which ends what was started.
process.on('SIGINT', () => process.exit(130))
process.on('SIGTERM', () => process.exit(143))

mkdirSync(CACHE, { recursive: true })
for (const left of readdirSync(CACHE)) if (left.startsWith('data-')) rmSync(join(CACHE, left), { recursive: true })
if (options.build) {
  const build = Bun.spawnSync([process.execPath, join(ROOT, 'src/build.ts')], { stdout: 'ignore', stderr: 'inherit' })
  if (build.exitCode !== 0) process.exit(1)
}

const chosen = options.only.length > 0 ? options.only : (Object.keys(PARTS) as (keyof typeof PARTS)[])
const size = { ...(options.quick ? { rounds: 1, seconds: 1 } : { rounds: 5, seconds: 3 }), profile: options.profile }
const rows: Row[] = []
for (const name of chosen) {
  console.error(`${name} …`)
  rows.push(...(await PARTS[name](size)))
}
if (options.json) console.log(JSON.stringify({ machine: machine(), rows }, null, 2))
else print(rows)
process.exit(0)
