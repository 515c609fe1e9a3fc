import { Command } from '@commander-js/extra-typings'
import type { MadeToken, NewToken, Token } from '../models.ts'
import { clientOptions, connect, examples, integer, queryOf } from './options.ts'
import { print, printJson } from './output.ts'
import { type Column, formatTable, formatTime, paperOf } from './tables.ts'

const standing = ({ revoked, expires }: Token, now = Date.now() / 1000): string => {
  if (revoked) return 'revoked'
  if (expires === 0) return 'good'
  return expires <= now ? 'expired' : `until ${formatTime(expires)}`
}

const COLUMNS: Column<Token>[] = [
  { title: 'ID', value: (token) => token.id, right: true },
  { title: 'USER', value: (token) => token.user },
  { title: 'NAME', value: (token) => token.name, shrinks: true },
  { title: 'SCOPES', value: (token) => token.scopes?.join(' ') ?? 'all', shrinks: true },
  { title: 'STATE', value: (token) => standing(token) },
  { title: 'LAST USED', value: (token) => formatTime(token.last_used) },
]

const list = () =>
  clientOptions(new Command('list').description('list your tokens; from the machine of the server, everybody’s'))
    .option('--user <name>', 'those of this user')
    .addHelpText('after', examples('coalition tokens list'))
    .action(async ({ user, json, ...options }) => {
      const tokens = await connect(options).call<Token[]>('GET', `/api/tokens${queryOf({ user })}`)
      if (json) return printJson(tokens)
      await print(formatTable(tokens, COLUMNS, paperOf(process.stdout)))
    })

const add = () =>
  clientOptions(new Command('add').description('make a token, and print it: it is told this once'))
    .argument('<name>', 'what it is for')
    .option('--user <name>', 'whom it is for (default: you)')
    .option('--days <number>', 'it expires after so many (default: never)', integer(1, 36_500))
    .option('--scopes <list>', 'what it may do of what its user may: create,view,edit,delete, with _all, manage, admin')
    .addHelpText(
      'after',
      examples('coalition tokens add nightly --days 90', 'coalition tokens add bot --user ann --scopes create,view'),
    )
    .action(async (name, { user, days, scopes, json, ...options }) => {
      const wanted: NewToken = {
        name,
        ...(user !== undefined && { user }),
        ...(days !== undefined && { days }),
        // The server says which there are.
        ...(scopes !== undefined && { scopes: scopes.split(',').map((each) => each.trim()) as NewToken['scopes'] }),
      }
      const made = await connect(options).call<MadeToken>('POST', '/api/tokens', wanted)
      if (json) return printJson(made)
      // Nothing else on stdout: a script goes on with it.
      console.error(`token ${made.id} of ${made.user}; it is shown this once`)
      await print(made.token)
    })

const revoke = () =>
  clientOptions(new Command('revoke').description('take a token back: it is of no use at once'))
    .argument('<id>', 'id of the token', integer(1))
    .addHelpText('after', examples('coalition tokens revoke 3'))
    .action(async (id, options) => {
      const answer = await connect(options).call('DELETE', `/api/tokens/${id}`)
      if (options.json) return printJson(answer)
      await print(`token ${id} revoked`)
    })

export const tokensCommand = () =>
  new Command('tokens')
    .description('list, make and revoke what scripts sign in with')
    .addCommand(list())
    .addCommand(add())
    .addCommand(revoke())
    .addHelpText('after', examples('coalition tokens add nightly --days 90'))
