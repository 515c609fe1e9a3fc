import { readFileSync } from 'node:fs'
import { Command } from '@commander-js/extra-typings'
import { SingleBar } from 'cli-progress'
import { loadConfig, SERVER_OPTIONS } from '../config.ts'
import type { ImportReport, Progress } from '../import/import.ts'
import { examples, givenFlags } from './options.ts'
import { Exit, failed, wrongUsage } from './outcome.ts'
import { print, write } from './output.ts'
import { untilSignal } from './signals.ts'
import { formatTable, paperOf } from './tables.ts'

const INTERRUPTED = 130
/** A log file that gets a line each half second helps nobody. */
const PLAIN_LINE_MS = 5000
const DEFAULT_PRIORITY = 1000

export const importCommand = () =>
  new Command('import')
    .description('bring the jobs, workers, events and logs of a Coalition 4 server, or its settings')
    .argument('[source]', 'its SQLite file, or mysql://user:password@host/base (without the password: MYSQL_PWD)')
    .option('--logs <folder>', 'its folder of logs, to copy them too')
    .option('--ini <file>', 'instead of jobs: print the coalition.toml that says what its coalition.ini says')
    .option(SERVER_OPTIONS.data.flag, `the new ${SERVER_OPTIONS.data.description} (env: ${SERVER_OPTIONS.data.env})`)
    .option('--config <file>', 'configuration file (env: COALITION_CONFIG)')
    .addHelpText(
      'after',
      examples(
        'coalition import coalition.db --logs logs --data /srv/coalition',
        'coalition import mysql://coalition:secret@dbhost/base',
        'coalition import --ini coalition.ini > coalition.toml',
      ),
    )
    .action(async (place, options) => {
      if (options.ini !== undefined) {
        if (place !== undefined || options.logs !== undefined)
          throw wrongUsage('--ini prints settings and imports no jobs: leave out the source and --logs')
        return await printSettings(options.ini)
      }
      if (place === undefined) throw wrongUsage('name the old database, or --ini with the old coalition.ini')
      const { data } = loadConfig(givenFlags(options), options.config).server
      await importJobs(place, data, options.logs)
    })

async function importJobs(place: string, data: string, logs: string | undefined): Promise<void> {
  const stop = untilSignal()
  // Loaded here, so that `coalition jobs list` need not wait for a database's modules.
  const { openSource } = await import('../import/open.ts')
  const { importFarm } = await import('../import/import.ts')
  const source = await openSource(place)
  const display = process.stderr.isTTY ? bar() : plainLines()
  try {
    const report = await importFarm({ source, data, logs, onProgress: display.show, signal: stop })
    display.stop()
    await print(summary(report))
    await print(`\nThe farm is in ${data}: start its server with \`coalition serve --data ${data}\`.`)
    if (logs === undefined) await print('Logs were not asked for: name their folder with --logs to have them too.')
  } catch (error) {
    display.stop()
    if (stop.aborted) throw new Exit(INTERRUPTED, `interrupted: nothing is in ${data}`)
    throw error
  } finally {
    await source.close()
  }
}

async function printSettings(path: string): Promise<void> {
  const { convertIni } = await import('../import/ini.ts')
  let bytes: Uint8Array
  try {
    bytes = readFileSync(path)
  } catch (error) {
    throw failed(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
  const { toml, remarks } = convertIni(decode(bytes))
  await write(toml)
  for (const remark of remarks) console.error(remark)
}

/** Python 2 read bytes, and an old Windows wrote them in its own code page. */
function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}

/** What arrived, and what could not arrive as it was. */
export function summary({ counts, findings, highestPriority }: ImportReport, paper = paperOf(process.stdout)): string {
  const rows = Object.entries(counts).map(([what, count]) => ({ what, count }))
  const parts = [
    formatTable(
      rows,
      [
        { title: 'IMPORTED', value: (row) => row.what },
        { title: 'NUMBER', value: (row) => row.count, right: true },
      ],
      paper,
    ),
  ]
  for (const { count, text, examples } of findings) {
    const more = count > examples.length ? [`  ... and ${count - examples.length} more`] : []
    parts.push([`${text}: ${count}`, ...examples.map((example) => `  ${printable(example)}`), ...more].join('\n'))
  }
  if (counts.jobs > 0 && highestPriority < DEFAULT_PRIORITY)
    parts.push(
      `Coalition 4 cut priorities at 255, and the highest of these jobs is ${highestPriority}: new jobs have ${DEFAULT_PRIORITY} where nothing else is said, and go first.`,
    )
  return parts.join('\n\n')
}

/** What somebody typed must not run on the terminal of who imports it. */
const printable = (text: string): string => text.replaceAll(/\p{Cc}+/gu, ' ')

function bar() {
  const bar = new SingleBar({
    stream: process.stderr,
    format: '{stage} [{bar}] {value}/{total}',
    barCompleteChar: '#',
    barIncompleteChar: '-',
    barsize: 28,
    hideCursor: true,
  })
  let shown = ''
  return {
    show({ stage, done, total }: Progress) {
      if (total === 0) return
      if (stage === shown) {
        bar.setTotal(total)
        bar.update(done)
        return
      }
      // The bar of each stage stays, as it ended.
      bar.stop()
      bar.start(total, done, { stage: stage.padEnd(12) })
      shown = stage
    },
    stop: () => bar.stop(),
  }
}

function plainLines() {
  let at = Number.NEGATIVE_INFINITY
  let stage = ''
  return {
    show(progress: Progress) {
      const now = performance.now()
      if (progress.stage === stage && now - at < PLAIN_LINE_MS) return
      at = now
      stage = progress.stage
      console.error(progress.total > 0 ? `${stage}: ${progress.done} of ${progress.total}` : `${stage} ...`)
    },
    stop() {},
  }
}
