import { Command } from '@commander-js/extra-typings'
import type { Breach, CheckReport } from '../backup/check.ts'
import { SERVER_OPTIONS } from '../config.ts'
import { dataOptions, examples, placesOf } from './options.ts'
import { EXIT, Exit } from './outcome.ts'
import { print } from './output.ts'

export const checkCommand = () =>
  dataOptions(new Command('check').description('look for damage in the database of a stopped server'))
    .option(
      SERVER_OPTIONS.backup_dir.flag,
      `for a copy before a repair (default: backups in the data folder, env: ${SERVER_OPTIONS.backup_dir.env})`,
    )
    .option('--repair', 'put right what follows from other rows: counters, states of groups, what is ready')
    .addHelpText('after', examples('coalition check', 'coalition check --data /srv/coalition --repair'))
    .action(async ({ repair = false, ...options }) => {
      const { data, backups } = placesOf(options)
      // Loaded here, so that `coalition jobs list` need not wait for a database's modules.
      const { checkData } = await import('../backup/check.ts')
      const report = checkData({ data, backups, repair })
      await print(checkText(report, data))
      if (!isSound(report)) throw new Exit(EXIT.failed)
    })

const isSound = ({ problems, examined, repair }: CheckReport): boolean =>
  problems.length === 0 && (repair?.left ?? examined?.breaches ?? []).length === 0

export function checkText(report: CheckReport, data: string): string {
  const { problems, examined, repair } = report
  if (problems.length > 0)
    return [
      'The file is damaged:',
      ...problems.map((problem) => `  ${problem}`),
      `A backup brings back what was: coalition restore FILE --data ${data} --force`,
    ].join('\n')
  if (!examined) return ''
  const lines = examined.breaches.flatMap(breachLines)
  if (repair) {
    lines.push('', `Repaired (the database as it was is ${repair.copy}):`)
    for (const [name, rows] of Object.entries(repair.mended)) lines.push(`  ${name}: ${rows} rows`)
    if (repair.left.length > 0)
      lines.push('', 'Left, as nothing says what was right:', ...repair.left.flatMap(breachLines))
  } else if (examined.breaches.some(({ mendable }) => mendable))
    lines.push('', 'coalition check --repair puts right what is marked *: it follows from the rest.')
  if (isSound(report)) lines.push(`Sound: ${examined.jobs} jobs, schema ${examined.version}.`)
  return lines.join('\n').trim()
}

export function breachLines({ name, text, count, examples, mendable }: Breach): string[] {
  const more = count > examples.length ? [`  ... and ${count - examples.length} more`] : []
  return [
    `${name}${mendable ? '*' : ''}: not so ${count} times: ${text}`,
    ...examples.map((each) => `  ${each}`),
    ...more,
  ]
}
