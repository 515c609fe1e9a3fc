import { availableParallelism } from 'node:os'
import { Command } from '@commander-js/extra-typings'
import { type Config, loadConfig } from '../config.ts'
import { startAgent } from './child.ts'
import { bothOptions, examples, givenFlags } from './options.ts'
import { EXIT } from './outcome.ts'
import { print } from './output.ts'
import { listening } from './serve.ts'
import { aborted, endService, untilSignal } from './signals.ts'

/**
 * Renderers use all the cores they find, and an artist works on this machine: slots by the core would only fight for
 * memory. One for each four cores keeps a machine busy through the single-threaded parts of a job.
 */
export const slotsFor = (cores: number): number => Math.min(8, Math.max(1, Math.floor(cores / 4)))

/** Server and agent, until `stop`; the agent first, so that it can give its jobs back. */
export async function runUp(
  config: Config,
  stop: AbortSignal,
  more: { configFile?: string | undefined; quiet?: boolean },
) {
  const { startServer } = await import('../server.ts')
  const server = await startServer(config.server)
  const { server: _, ...worker } = config.worker
  const agent = startAgent({ serverUrl: server.url, worker, ...more })
  const ended = Promise.race([aborted(stop), agent.failed])
  // It may reject before somebody awaits it, which would end the program with a stack.
  ended.catch(() => {})
  return {
    url: server.url,
    /** Resolves when asked to stop, rejects when the agent dies. */
    ended,
    async stop() {
      await agent.stop()
      await server.stop()
    },
  }
}

export const upCommand = () =>
  bothOptions(new Command('up').description('run the server and workers on this machine'), 'one for each 4 cores')
    .addHelpText('after', examples('coalition up', 'coalition up --workers 2'))
    .action(async (options) => {
      const config = loadConfig(givenFlags(options), options.config)
      if (!config.given.has('worker.workers')) config.worker.workers = slotsFor(availableParallelism())
      // There is no other machine to go to: a night's work must not wait for one.
      if (!config.given.has('blocklist_after')) config.server.blocklist_after = 0
      const stop = untilSignal()
      const up = await runUp(config, stop, { configFile: options.config })
      await print(listening(up.url))
      await up.ended.finally(up.stop)
      endService(EXIT.ok)
    })
