import { Command } from '@commander-js/extra-typings'
import type { JoinToken, WorkerCredential } from '../models.ts'
import { clientOptions, connect, examples } from './options.ts'
import { print, printJson } from './output.ts'
import { type Column, formatTable, formatTime, paperOf } from './tables.ts'

const COLUMNS: Column<WorkerCredential>[] = [
  { title: 'NAME', value: ({ worker }) => worker },
  { title: 'JOINED', value: ({ created }) => formatTime(created) },
  { title: 'FROM', value: ({ address }) => address },
]

/** What workers join with is printed alone, so that a script can hand it on. */
export const joinTokenCommand = () =>
  clientOptions(
    new Command('join-token').description('make a token that new workers join with; the one before is good no more'),
  )
    .option('--revoke', 'take it back, and make no other')
    .addHelpText('after', examples('COALITION_WORKER_JOIN_TOKEN=$(coalition workers join-token)'))
    .action(async (options) => {
      const answer = await connect(options).call<JoinToken | 1>(
        options.revoke ? 'DELETE' : 'POST',
        '/api/workers/jointoken',
      )
      if (options.json) return printJson(answer)
      await print(answer === 1 ? 'no new worker can join' : answer.token)
    })

export const credentialsCommand = () =>
  clientOptions(new Command('credentials').description('list the workers that have joined'))
    .addHelpText('after', examples('coalition workers credentials'))
    .action(async (options) => {
      const joined = await connect(options).call<WorkerCredential[]>('GET', '/api/workers/credentials')
      if (options.json) return printJson(joined)
      await print(formatTable(joined, COLUMNS, paperOf(process.stdout)))
    })

export const revokeCommand = () =>
  clientOptions(new Command('revoke').description('take credentials of workers back: they are heard no more'))
    .argument('<name...>', 'names of the workers')
    .addHelpText('after', examples('coalition workers revoke node-7'))
    .action(async (names, options) => {
      const answer = await connect(options).call('DELETE', '/api/workers/credentials', names)
      if (options.json) return printJson(answer)
      await print(
        `${names.length === 1 ? `worker ${names[0]}` : `${names.length} workers`} revoked; to keep out who knows the join token, make another one`,
      )
    })
