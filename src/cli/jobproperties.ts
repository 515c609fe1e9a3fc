/** The properties of a job as options: `jobs add` and `jobs edit` take the same. */
import type { Command, OptionValues } from '@commander-js/extra-typings'
import { parseEnvironment } from '../environment.ts'
import type { Dependency, JobInput } from '../models.ts'
import { collect, dependencies, factor, integer, pointInTime, seconds } from './options.ts'
import { wrongUsage } from './outcome.ts'

// biome-ignore lint/suspicious/noExplicitAny: commander's own bound for the arguments of a command
export const propertyOptions = <A extends any[], O extends OptionValues, G extends OptionValues>(
  command: Command<A, O, G>,
) =>
  command
    .option('--title <text>', 'what people read in the lists')
    .option('--parent <id>', 'the group it is in; 0: the root', integer(0))
    .option('--dir <folder>', 'working directory on the worker')
    .option('--env <KEY=VALUE>', 'variable of its environment; may be given again', collect)
    .option('--priority <number>', 'higher goes first; default 1000', integer(Number.MIN_SAFE_INTEGER))
    .option('--retry <times>', 'runs that may be tried again after an ERROR', integer(0))
    .option('--timeout <time>', 'longest run: 90, 15m, 2h; 0: no limit', seconds)
    .option('--affinity <names>', 'what its worker must have: LINUX,GPU')
    .option('--user <name>', 'whose it is')
    .option(
      '--depends <ids>',
      'jobs it waits for: 1,2,3; any:4: for any leaf of it; frame:5: frame by frame',
      dependencies,
    )
    .option('--url <url>', 'link to the result')
    .option('--progress-pattern <regex>', 'how progress reads in its log, with %percent or %one')
    .option('--limits <names>', 'limits of the farm that its runs count in: nuke,houdini')
    .option('--memory <MB>', 'memory that a run takes of its host', integer(0))
    .option('--cores <number>', 'cores that a run takes', integer(0))
    .option('--gpus <number>', 'GPUs that a run takes', integer(0))
    .option('--max-workers <number>', 'of a group: how many of its jobs run at once; 0: any number', integer(0))
    .option('--error-limit <number>', 'of a group: so many in ERROR hold the rest; 0: never', integer(0))
    .option('--start-after <time>', 'not before: 2026-12-24T18:00, or from now on: 90m, 2h', (text) =>
      pointInTime(text),
    )
    .option('--retry-delay <time>', 'between a failed run and the next try', seconds)
    .option('--retry-growth <factor>', 'what that is multiplied by from one try to the next', factor)
    .option('--min-run-time <time>', 'a run that ends well sooner has failed', seconds)
    .option('--idle-timeout <time>', 'a run that prints nothing for so long has failed; 0: no limit', seconds)
    .option('--fatal <regex>', 'a line of output that fails the run')
    .option('--success <regex>', 'a line of output that makes a bad exit code a good one')

export interface Properties {
  title?: string | undefined
  parent?: number | undefined
  dir?: string | undefined
  env?: string[] | undefined
  priority?: number | undefined
  retry?: number | undefined
  timeout?: number | undefined
  affinity?: string | undefined
  user?: string | undefined
  depends?: Dependency[] | undefined
  url?: string | undefined
  progressPattern?: string | undefined
  limits?: string | undefined
  memory?: number | undefined
  cores?: number | undefined
  gpus?: number | undefined
  maxWorkers?: number | undefined
  errorLimit?: number | undefined
  startAfter?: number | undefined
  retryDelay?: number | undefined
  retryGrowth?: number | undefined
  minRunTime?: number | undefined
  idleTimeout?: number | undefined
  fatal?: string | undefined
  success?: string | undefined
}

/** Only what was given: the rest has its default, or stays as it is. JSON leaves out what is undefined. */
export const jobInput = (options: Properties): JobInput => ({
  title: options.title,
  parent: options.parent,
  dir: options.dir,
  environment: options.env && environment(options.env),
  priority: options.priority,
  retry: options.retry,
  timeout: options.timeout,
  affinity: options.affinity,
  user: options.user,
  dependencies: options.depends,
  url: options.url,
  progress_pattern: options.progressPattern,
  limits: options.limits,
  memory: options.memory,
  cores: options.cores,
  gpus: options.gpus,
  max_workers: options.maxWorkers,
  error_limit: options.errorLimit,
  start_after: options.startAfter,
  retry_delay: options.retryDelay,
  retry_growth: options.retryGrowth,
  min_run_time: options.minRunTime,
  idle_timeout: options.idleTimeout,
  fatal: options.fatal,
  success: options.success,
})

/**
 * On the wire newlines part the pairs, and so do the two characters `\` `n` where a pair follows: what the agent would
 * read otherwise than it was typed is refused here, where somebody can still write it in another way.
 */
export function environment(pairs: readonly string[]): string {
  for (const pair of pairs) {
    if (!/^[^\s=\\/]+=/.test(pair)) throw wrongUsage(`--env: "${pair}" is not KEY=VALUE`)
    const read = parseEnvironment(pair).pairs
    if (read.length !== 1 || `${read[0]?.[0]}=${read[0]?.[1]}` !== pair) {
      throw wrongUsage(`--env: ${JSON.stringify(pair)} would be read as several variables: a value has no line breaks`)
    }
  }
  return pairs.join('\\n')
}
