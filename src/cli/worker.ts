import { Command, Option } from '@commander-js/extra-typings'
import { serverUrl } from '../address.ts'
import { loadConfig } from '../config.ts'
import { PARENT_FLAG } from './child.ts'
import { discoverServer } from './discover.ts'
import { examples, givenFlags, workerOptions } from './options.ts'
import { EXIT, wrongUsage } from './outcome.ts'
import { endService, untilSignal } from './signals.ts'

export const workerCommand = () =>
  workerOptions(new Command('worker').description('run jobs of a server on this machine'))
    .argument('[server_url]', 'address of the server; without it the network is asked')
    .addOption(new Option(PARENT_FLAG).hideHelp())
    .addHelpText('after', examples('coalition worker http://farm:19211 --workers 2', 'coalition worker'))
    .action(async (address, options) => {
      const flags = givenFlags(options)
      if (address !== undefined) {
        if (flags.worker.server !== undefined)
          throw wrongUsage('the server is given twice: as an argument and by --server')
        flags.worker.server = address
      }
      const { server, worker } = loadConfig(flags, options.config)
      const signals = untilSignal()
      const stop = options.withParent ? AbortSignal.any([signals, stdinEnds()]) : signals
      const { name, workers, sleep: sleepSeconds, startup, runcommand, memory, cores, gpus, credentials, ca } = worker
      const joinToken = worker.join_token
      const url = serverUrl(worker.server) ?? (await discoverServer({ port: server.port, log: console.error }, stop))
      if (url !== undefined) {
        const [{ runAgent }, { machineOf }] = await Promise.all([
          import('../worker/agent.ts'),
          import('../worker/machine.ts'),
        ])
        const machine = machineOf({ memory, cores, gpus })
        await runAgent(
          { serverUrl: url, name, workers, sleepSeconds, startup, runcommand, machine, credentials, joinToken, ca },
          stop,
        )
      }
      endService(EXIT.ok)
    })

/** Beside each agent, started by it (worker/guard.ts). */
export const workerGuardCommand = () =>
  new Command('worker-guard').argument('<charge>').action(async (charge) => {
    const { guard } = await import('../worker/guard.ts')
    await guard(JSON.parse(charge), Bun.stdin.stream())
    endService(EXIT.ok)
  })

/** The parent holds the other end of the pipe: however it ends, even killed, the system closes it. */
function stdinEnds(): AbortSignal {
  const ended = new AbortController()
  process.stdin.on('end', () => ended.abort())
  process.stdin.on('error', () => ended.abort())
  process.stdin.resume()
  return ended.signal
}
