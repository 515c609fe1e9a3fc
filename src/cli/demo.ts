import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Command, Option } from '@commander-js/extra-typings'
import { localUrl } from '../address.ts'
import { type Client, createClient } from '../client.ts'
import { loadConfig, type ServerConfig } from '../config.ts'
import type { DemoRequest } from '../demo/submit.ts'
import { VERSION } from '../version.ts'
import { authorityOf, bothOptions, connect, examples, givenFlags, integer, serverOption } from './options.ts'
import { EXIT, Exit, failed, wrongUsage } from './outcome.ts'
import { print } from './output.ts'
import { endService, untilSignal } from './signals.ts'
import { runUp } from './up.ts'

const WORKERS = 2
const INTERRUPTED = 130

export const demoCommand = () =>
  bothOptions(
    serverOption(new Command('demo').description('render a small animation on a farm, and watch it')),
    String(WORKERS),
  )
    .option('--up', 'start a server and workers for it, and leave them up')
    .option('--out <folder>', 'for the frames and the animation; the workers must see it too', 'coalition-demo')
    .option('--frames <number>', 'length of the animation', integer(1, 10_000))
    // For tests, and for who wants it large: three more lines of help would not help a newcomer.
    .addOption(new Option('--width <pixels>').argParser(integer(1, 16_384)).hideHelp())
    .addOption(new Option('--height <pixels>').argParser(integer(1, 16_384)).hideHelp())
    .addOption(new Option('--samples <number>').argParser(integer(1, 65_536)).hideHelp())
    .addHelpText(
      'after',
      examples('coalition demo --up', 'coalition demo --server http://farm:19211 --out /mnt/show/demo'),
    )
    .action(async (options) => {
      const out = resolve(options.out)
      const { up, server, frames, width, height, samples } = options
      const request = { out, frames, width, height, samples }
      if (!up) {
        const path = await render(connect(options), request)
        return print(`The animation is ${path}`)
      }
      if (server !== undefined) throw wrongUsage('--up starts a server of its own: leave out --server')
      const config = loadConfig(givenFlags(options), options.config)
      if (!config.given.has('worker.workers')) config.worker.workers = WORKERS
      const stop = untilSignal()
      // A demo leaves nothing behind but its pictures.
      const temporary = config.given.has('data') ? undefined : mkdtempSync(join(tmpdir(), 'coalition-demo-'))
      if (temporary) config.server.data = temporary
      if (!config.given.has('port') && (await isTaken(config.server))) {
        await print(`Port ${config.server.port} is taken; the demo uses a free one.`)
        config.server.port = 0
      }
      let code: number = EXIT.ok
      try {
        const running = await runUp(config, stop, { configFile: options.config, quiet: true })
        try {
          const url = localUrl(running.url)
          await print(`coalition ${VERSION}: server on ${url}, ${config.worker.workers} workers`)
          const path = await Promise.race([
            render(createClient(url, { ca: authorityOf(config.worker) }), request, stop),
            running.ended,
          ])
          if (path) {
            await print(`The animation is ${path} (any browser plays it)`)
            await print(`The server stays up at ${url} - the API is at ${url}/docs - until Ctrl-C.`)
            await running.ended
          } else code = INTERRUPTED
        } finally {
          await running.stop()
        }
      } finally {
        if (temporary) rmSync(temporary, { recursive: true, force: true, maxRetries: 5 })
      }
      endService(code)
    })

async function render(client: Client, request: DemoRequest, signal?: AbortSignal): Promise<string> {
  const { submitDemo } = await import('../demo/submit.ts')
  const { watchDemo } = await import('../demo/watch.ts')
  const jobs = await submitDemo(client, request)
  const outcome = await watchDemo(client, jobs, signal ? { signal } : {}).catch((error: unknown) => {
    // Whoever stopped it knows; the message of an aborted call would be news to nobody.
    throw signal?.aborted ? new Exit(INTERRUPTED) : error
  })
  if (outcome.state !== 'FINISHED') throw failed(`the demo (job ${jobs.group}) ended in ${outcome.state}`)
  return jobs.out
}

const isTaken = ({ host, port }: ServerConfig): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EADDRINUSE'))
    probe.listen(port, host, () => probe.close(() => resolve(false)))
  })

/** What the demo's jobs run; they are commands of this executable so that a farm needs nothing else. */
export const demoFrameCommand = () =>
  new Command('demo-frame')
    .description('render one frame of the demo')
    .requiredOption('--frame <number>', 'which', integer(1, 10_000))
    .requiredOption('--frames <number>', 'of how many', integer(1, 10_000))
    .requiredOption('--out <folder>', 'for the PNG')
    .option('--width <pixels>', '', integer(1, 16_384))
    .option('--height <pixels>', '', integer(1, 16_384))
    .option('--samples <number>', 'of each pixel', integer(1, 65_536))
    .addHelpText('after', examples('coalition demo-frame --frame 1 --frames 48 --out frames'))
    .action(async (options) => {
      const { demoFrame } = await import('../demo/frame.ts')
      demoFrame(options)
    })

export const demoJoinCommand = () =>
  new Command('demo-join')
    .description('join the frames of the demo')
    .requiredOption('--dir <folder>', 'of the frames')
    .requiredOption('--frames <number>', 'how many', integer(1, 10_000))
    .requiredOption('--out <file>', 'the animation')
    .option('--fps <number>', 'frames a second', integer(1, 240))
    .addHelpText('after', examples('coalition demo-join --dir frames --frames 48 --out demo.png'))
    .action(async ({ dir, frames, out, fps }) => {
      const { joinFrames } = await import('../demo/join.ts')
      joinFrames({ frames: { dir, count: frames }, out, ...(fps !== undefined && { fps }) })
    })
