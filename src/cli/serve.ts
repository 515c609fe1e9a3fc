import { Command } from '@commander-js/extra-typings'
import { loadConfig } from '../config.ts'
import { VERSION } from '../version.ts'
import { examples, givenFlags, serverOptions } from './options.ts'
import { EXIT } from './outcome.ts'
import { print } from './output.ts'
import { aborted, endService, untilSignal } from './signals.ts'

export const listening = (url: string): string => `coalition ${VERSION} listening on ${url}`

export const serveCommand = () =>
  serverOptions(new Command('serve').description('run the server (also what `coalition` alone does)'))
    .addHelpText('after', examples('coalition serve', 'coalition serve --host 0.0.0.0 --data /srv/coalition'))
    .action(async (options) => {
      const config = loadConfig(givenFlags(options), options.config)
      // Before it listens: a stop that comes during the start is not lost.
      const stop = untilSignal()
      // Loaded here, so that `coalition jobs list` need not wait for the server's modules.
      const { startServer } = await import('../server.ts')
      const server = await startServer(config.server)
      await print(listening(server.url))
      await aborted(stop)
      await server.stop()
      endService(EXIT.ok)
    })
