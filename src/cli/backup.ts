import { Command } from '@commander-js/extra-typings'
import { dataOptions, examples, placesOf } from './options.ts'
import { EXIT, Exit } from './outcome.ts'
import { print } from './output.ts'

/** Not yet restored, and not quite what it should be. */
const BREACHED = 'the copy is whole, but what is in it does not hold together'

export const backupCommand = () =>
  dataOptions(new Command('backup').description("copy a server's database, while it runs or not"))
    .argument('<file>', 'to make, or to put the new one in the place of')
    .option('--logs', "copy the jobs' logs too, to FILE.logs")
    .addHelpText(
      'after',
      examples('coalition backup /mnt/backup/farm.db', 'coalition backup farm.db --logs --data /srv/coalition'),
    )
    .action(async (file, { logs = false, ...options }) => {
      const { data } = placesOf(options)
      const { backUp } = await import('../backup/backup.ts')
      const made = backUp({ data, file, logs })
      const withLogs = made.logs === undefined ? '' : `, ${made.logs} logs`
      await print(`${file}: ${made.jobs} jobs, ${megabytes(made.bytes)} MB${withLogs}; checked`)
      if (made.breaches.length > 0) throw new Exit(EXIT.failed, sentence(made.breaches))
    })

export const restoreCommand = () =>
  dataOptions(new Command('restore').description('make a backup the database of a stopped server'))
    .argument('<file>', 'a backup; logs beside it in FILE.logs are restored too')
    .option('--force', 'in the place of the database that is there, which is kept aside')
    .addHelpText('after', examples('coalition restore /mnt/backup/farm.db --data /srv/coalition --force'))
    .action(async (file, { force = false, ...options }) => {
      const { data } = placesOf(options)
      const { restore } = await import('../backup/restore.ts')
      const { jobs, logs, aside, breaches } = restore({ file, data, force })
      await print(`${jobs} jobs${logs === undefined ? '' : ` and ${logs} logs`} are in ${data}.`)
      if (aside !== undefined) await print(`What was there is in ${aside}.`)
      if (breaches.length > 0) console.error(`coalition: ${sentence(breaches)}`)
    })

const sentence = (breaches: readonly { name: string; count: number }[]): string =>
  `${BREACHED} (${breaches.map(({ name, count }) => `${name}: ${count}`).join(', ')}): \`coalition check\` says more`

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1)
