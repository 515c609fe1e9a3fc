import { hostname } from 'node:os'
import { Command } from '@commander-js/extra-typings'
import { createClient, Refused } from '../client.ts'
import type { MadeToken, Me } from '../models.ts'
import { currentUser } from '../user.ts'
import { keep, keptFor } from './keyring.ts'
import { authorityOf, examples, integer, serverOf, serverOption } from './options.ts'
import { failed } from './outcome.ts'
import { print } from './output.ts'
import { readSecret } from './secret.ts'

const DAYS = 90

export const signinCommand = () =>
  serverOption(new Command('signin').description('let the command line of this machine be you, by a token of its own'))
    .argument('[name]', 'your name (default: that of the system)')
    .option('--days <number>', `the token expires after so many (default: ${DAYS})`, integer(1, 36_500))
    .addHelpText('after', examples('coalition signin', 'coalition signin ann --server farm'))
    .action(async (given, { days = DAYS, ...options }) => {
      const url = serverOf(options)
      const ca = authorityOf(options)
      const name = given ?? currentUser()
      if (name === '') throw failed('the system has no name for you: coalition signin NAME')
      const password = await readSecret(`Password of ${name} on ${url}: `)
      const answer = await createClient(url, { ca }).open('POST', '/api/signin', { name, password })
      const cookie = /^[^;]+/.exec(answer.headers.get('set-cookie') ?? '')?.[0]
      const session = createClient(url, { cookie, ca })
      const { id, user, token } = await session.call<MadeToken>('POST', '/api/tokens', {
        name: `command line on ${hostname()}`.slice(0, 100),
        days,
      })
      await session.call('POST', '/api/signout')
      await forget(url, ca)
      keep(url, { id, user, token })
      await print(`signed in as ${user} on ${url}, for ${days} days`)
    })

export const signoutCommand = () =>
  serverOption(new Command('signout').description('revoke the token that `signin` made, and forget it'))
    .addHelpText('after', examples('coalition signout'))
    .action(async (options) => {
      const url = serverOf(options)
      const kept = keptFor(url)
      if (!kept) throw failed(`you are not signed in on ${url}`)
      await forget(url, authorityOf(options))
      keep(url, undefined)
      await print(`${kept.user} is signed out on ${url}`)
    })

/** A token that is of no use any more does not hold up who gets another one. */
async function forget(url: string, ca: string | undefined): Promise<void> {
  const kept = keptFor(url)
  if (!kept) return
  await createClient(url, { token: kept.token, ca })
    .call<Me>('DELETE', `/api/tokens/${kept.id}`)
    .catch((error) => {
      if (!(error instanceof Refused)) throw error
    })
}
