/** What a server that others can reach says at its start: who gets in, and how. */
export interface Entrances {
  trust: readonly string[]
  workersTrust: readonly string[]
  loopback: 'trust' | 'ask'
  proxies: readonly string[]
  names: readonly string[]
  /** How many users may sign in; whether workers can join. */
  users: number
  /** Where more of them may sign in. */
  elsewhere: readonly string[]
  joinToken: boolean
  /** The certificate that is shown, with TLS. */
  tls?: { names: readonly string[] }
}

export function entrances(doors: Entrances): string[] {
  const { trust, workersTrust, loopback, proxies, names, users, elsewhere, joinToken, tls } = doors
  const list = (items: readonly string[]) => items.join(', ')
  const lines = [
    trust.length > 0
      ? `who may do everything without a word: ${list(trust)}${loopback === 'trust' ? ', and this machine' : ''}`
      : loopback === 'trust'
        ? 'who may do everything without a word: this machine, and no other (trust is empty)'
        : 'nobody may do anything without a credential (trust is empty, loopback is "ask")',
    users > 0
      ? `${users} ${users === 1 ? 'user' : 'users'} by password, session or token`
      : elsewhere.length === 0
        ? 'no user can sign in yet: there is none'
        : 'no user has signed in yet',
    joinToken
      ? 'workers with the join token'
      : 'no new worker: there is no join token (`coalition workers join-token` makes one)',
  ]
  for (const url of elsewhere) lines.push(`whoever signs in at ${url}`)
  if (workersTrust.length > 0) lines.push(`old workers, without a word, from ${list(workersTrust)}`)
  if (proxies.length > 0) lines.push(`X-Forwarded-For is believed of ${list(proxies)}`)
  lines.push(`the server answers to addresses, localhost${names.map((name) => `, ${name}`).join('')}`)
  lines.push(
    tls
      ? `by https only, with a certificate for ${tls.names.length > 0 ? list(tls.names) : 'no name'}`
      : 'without TLS, passwords and tokens can be read on the way: tls.cert and tls.key turn it on, or a proxy before it has it',
  )
  return ['Who gets in here:', ...lines.map((line) => `  ${line}`)]
}
