/** What somebody is told who may not: 401 and 403 say what to do. */
import type { Need } from '../doors/access.ts'
import type { Actor } from '../doors/actor.ts'
import type { Visitor } from '../doors/peers.ts'
import { problem } from './problems.ts'

const ASK = { 'www-authenticate': 'Bearer realm="coalition"' }

export const loginWords = ({ address }: Visitor): Response =>
  problem(
    401,
    `This server does not know who asks${address === '' ? '' : ` from ${address}`}: sign in on its page, or send a token (Authorization: Bearer …; COALITION_TOKEN for the command line). A worker needs the join token of \`coalition workers join-token\`. Whole networks are let in by trust, old workers by [workers] trust, in coalition.toml.`,
    undefined,
    ASK,
  )

export const unknownCredential = (): Response =>
  problem(
    401,
    'The token is not known here: it was mistyped, has expired or was taken back. Make another one on the page, or with `coalition tokens add`; a worker joins anew.',
    undefined,
    { 'www-authenticate': 'Bearer realm="coalition", error="invalid_token"' },
  )

export const tooMany = (address: string, seconds: number): Response =>
  problem(
    429,
    `Too many requests${address === '' ? '' : ` from ${address}`} of somebody whom this server does not know: sign in or send a token that is good, or name the network in trust, old workers' in [workers] trust, in coalition.toml. Else try again in ${seconds} s.`,
    undefined,
    { 'retry-after': String(seconds) },
  )

export const misdirected = (host: string, names: readonly string[]): Response =>
  problem(
    421,
    `This server does not answer to the name '${host.slice(0, 255)}'. If that is its name, add it to hosts in coalition.toml; until then use its address, localhost${names.map((name) => `, ${name}`).join('')}.`,
  )

const NEEDED: Record<Need['by'], string> = {
  open: '',
  known: 'anybody who is known',
  own: 'users',
  view: "the right 'view' or 'view_all'",
  create: "the right 'create' or 'create_all'",
  edit: "the right 'edit' or 'edit_all'",
  delete: "the right 'delete' or 'delete_all'",
  manage: 'the role wrangler or admin',
  admin: 'the role admin',
  worker: "a worker's own credential",
}

export function forbidden(actor: Actor, need: Need): Response {
  const who =
    actor.kind === 'worker'
      ? `worker ${actor.name}`
      : actor.kind === 'user'
        ? `${actor.name}${actor.by === 'token' ? ', by this token,' : ''}`
        : 'you'
  return problem(403, `${who} may not do this: it takes ${NEEDED[need.by]}. Ask an admin of the farm for it.`)
}
