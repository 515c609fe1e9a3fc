import { Command } from '@commander-js/extra-typings'
import { type Client, Unreachable, whyUnreachable } from '../client.ts'
import type { Job } from '../models.ts'
import { connect, examples, integer, jobId, serverOption } from './options.ts'
import { write } from './output.ts'

/** One answer, and what is held in memory: a log of gigabytes is read page by page. */
const PAGE_BYTES = 1024 * 1024
const POLL_MS = 1000
const OVER: readonly Job['state'][] = ['FINISHED', 'ERROR', 'PAUSED']

interface Page {
  text: string
  /** Bytes from the beginning of the log: where this page begins, and where to read on. */
  begin: number
  next: number
}

async function readPage(client: Client, id: number, query: string): Promise<Page> {
  const response = await client.open('GET', `/api/jobs/${id}/log?${query}`)
  const begin = Number(response.headers.get('x-log-offset'))
  const next = Number(response.headers.get('x-log-next'))
  return { text: (await response.json()) as string, begin, next }
}

export interface LogOptions {
  tail?: number | undefined
  follow?: boolean | undefined
  /** How long to pause before a quiet log is asked again. */
  pollMs?: number
}

export async function copyLog(client: Client, id: number, options: LogOptions, out: (text: string) => Promise<void>) {
  let next = 0
  if (options.tail !== undefined) {
    const page = await readPage(client, id, `tail=${options.tail}`)
    await out(page.text)
    next = page.next
  }
  /** Pages from where we are to the end of the log as it is now. */
  async function copyRest(): Promise<void> {
    for (;;) {
      const page = await readPage(client, id, `offset=${next}&limit=${PAGE_BYTES}`)
      await out(page.text)
      // A reset job starts a new log: what comes now is read from its beginning.
      const restarted = page.next < next
      if (page.next === next) return
      next = restarted ? 0 : page.next
    }
  }
  if (!options.follow) return copyRest()
  let lost = false
  for (;;) {
    try {
      // The state first: what a run wrote before it ended is in the log by then.
      const { state } = await client.call<Job>('GET', `/api/jobs/${id}`)
      await copyRest()
      lost = false
      if (OVER.includes(state)) return
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error
      if (!lost) console.error(`coalition: ${whyUnreachable(error)}; trying again`)
      lost = true
    }
    await Bun.sleep(options.pollMs ?? POLL_MS)
  }
}

export const logCommand = () =>
  serverOption(new Command('log').description('print the log of a job'))
    .argument('<id>', 'id of the job', jobId)
    .option('--tail <lines>', 'only the last lines', integer(0, 1_000_000))
    .option('--follow', 'go on as it grows, until the job is over')
    .addHelpText('after', examples('coalition jobs log 12 --tail 50 --follow'))
    .action((id, options) => copyLog(connect(options), id, options, write))
