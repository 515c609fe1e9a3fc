/** `jobs why` and `workers why`: the server's reasons, a line each. */
import { Command } from '@commander-js/extra-typings'
import type { Why } from '../answers.ts'
import type { Client } from '../client.ts'
import { clientOptions, connect, examples, jobId } from './options.ts'
import { print, printJson } from './output.ts'

async function explain(client: Client, path: string, options: { json?: true | undefined }): Promise<void> {
  const why = await client.call<Why>('GET', path)
  if (options.json) return printJson(why)
  const reasons = why.reasons.map((reason) => reason.text)
  await print([`${why.state}:`, ...(reasons.length > 0 ? reasons : [why.text])].join(reasons.length > 1 ? '\n  ' : ' '))
}

export const jobWhyCommand = () =>
  clientOptions(new Command('why').description('why a job is not running now'))
    .argument('<id>', 'id of the job', jobId)
    .addHelpText('after', examples('coalition jobs why 12'))
    .action((id, options) => explain(connect(options), `/api/jobs/${id}/why`, options))

export const workerWhyCommand = () =>
  clientOptions(new Command('why').description('why a worker has nothing to do'))
    .argument('<name>', 'name of the worker')
    .addHelpText('after', examples('coalition workers why node-7'))
    .action((name, options) => explain(connect(options), `/api/workers/${encodeURIComponent(name)}/why`, options))
