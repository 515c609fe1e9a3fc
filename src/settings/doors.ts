/** The options that say who may come in (doors/). A part of `config.ts`. */
import { isIP } from 'node:net'
import { Type } from '@sinclair/typebox'
import { type Option, option, type Table } from './option.ts'

const NETWORKS = 'networks like 10.1.0.0/16, or addresses'

const list = (wanted: string, pattern: string) =>
  Type.Array(Type.String({ pattern, maxLength: 255 }), { maxItems: 1000, wanted: `a list of ${wanted}` })
const networks = () => list(NETWORKS, '^[0-9a-fA-F:.]+(/\\d{1,3})?$')

const expressions = () =>
  Type.Array(Type.String({ minLength: 1, maxLength: 4096 }), {
    maxItems: 1000,
    wanted: 'a list of regular expressions like ["blender -b [^;&|`$<>]*"]',
  })

export const DOOR_OPTIONS = {
  trust: option({
    schema: networks(),
    default: [] as string[],
    flag: '--trust <networks>',
    env: 'COALITION_TRUST',
    description: 'networks from which everybody may do everything, as 10.1.0.0/16,10.2.0.7',
    defaultText: '',
  }),
  loopback: option({
    schema: Type.Union([Type.Literal('trust'), Type.Literal('ask')]),
    default: 'trust' as const,
    flag: '--loopback <what>',
    env: 'COALITION_LOOPBACK',
    description:
      'whether who asks from this machine may do everything (trust), or is asked for a credential as others are',
  }),
  hosts: option({
    schema: list(
      'names like farm, farm.studio.lan or *.studio.lan',
      '^(\\*\\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$',
    ),
    default: [] as string[],
    flag: '--hosts <names>',
    env: 'COALITION_HOSTS',
    description:
      'names that the server is reached by, besides addresses, names without a dot and the name of its machine; *.studio.lan for all below',
    defaultText: '',
  }),
  origins: option({
    schema: list('sites like https://tools.studio.lan, without a path', '^https?://[^/\\s]+$'),
    default: [] as string[],
    flag: '--origins <sites>',
    env: 'COALITION_ORIGINS',
    description: 'other sites whose pages may call the API (CORS), as https://tools.studio.lan',
    defaultText: '',
  }),
  trusted_proxies: option({
    schema: networks(),
    default: [] as string[],
    flag: '--trusted-proxies <networks>',
    env: 'COALITION_TRUSTED_PROXIES',
    description: 'proxies whose X-Forwarded-For, -Host and -Proto are believed',
    defaultText: '',
  }),
  workers_trust: option({
    at: 'workers.trust',
    schema: networks(),
    default: [] as string[],
    flag: '--workers-trust <networks>',
    env: 'COALITION_WORKERS_TRUST',
    description: 'networks from which the calls of workers need no credential, for those that know none',
    defaultText: '',
  }),
  workers_join_token: option({
    at: 'workers.join_token',
    // Somebody could guess a short one.
    schema: Type.String({ minLength: 20, maxLength: 4096 }),
    default: '',
    flag: '--workers-join-token <token>',
    env: 'COALITION_WORKERS_JOIN_TOKEN',
    secret: true,
    description:
      'a join token of 20 characters or more, where it is the same on all machines; better is one of `coalition workers join-token`',
  }),
  commands_allow: option({
    at: 'commands.allow',
    schema: expressions(),
    default: [] as string[],
    flag: '--commands-allow <json>',
    env: 'COALITION_COMMANDS_ALLOW',
    description:
      'the commands that jobs may have: a list of regular expressions (RE2), one of which the whole command has to fit; empty: any',
    json: true,
    defaultText: '',
  }),
  commands_users: option({
    at: 'commands.users',
    schema: Type.Record(Type.String(), expressions(), { wanted: 'a table of such lists by user' }),
    default: {} as Record<string, string[]>,
    flag: '--commands-users <json>',
    env: 'COALITION_COMMANDS_USERS',
    description: 'further commands by user, as {"ann": ["python .*"]}',
    json: true,
    defaultText: '',
  }),
} as const satisfies Table

/** What a pattern does not say: whether a network is one. */
export function fits({ schema }: Option, value: unknown): boolean {
  if (schema.wanted !== `a list of ${NETWORKS}` || !Array.isArray(value)) return true
  return value.every((item: string) => {
    const [address = '', bits] = item.split('/')
    const version = isIP(address)
    return version !== 0 && (bits === undefined || Number(bits) <= (version === 4 ? 32 : 128))
  })
}
