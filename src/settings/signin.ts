/** The options of those who sign in elsewhere: at the directory of the studio. A part of `config.ts`. */
import { Type } from '@sinclair/typebox'
import { option, type Table } from './option.ts'

const Filter = Type.String({ minLength: 1, maxLength: 4096 })
const FILTERS = [
  ...['admin', 'wrangler', 'artist'],
  ...['create', 'create_all', 'view', 'view_all', 'edit', 'edit_all', 'delete', 'delete_all'],
] as const
const Filters = Type.Unsafe<Record<string, string>>(
  Type.Partial(Type.Object(Object.fromEntries(FILTERS.map((name) => [name, Filter]))), {
    additionalProperties: false,
    wanted: `a table of LDAP filters by role or right: ${FILTERS.join(', ')}`,
  }),
)
const flag = () => Type.Boolean({ wanted: 'true or false' })
const text = () => Type.String({ maxLength: 4096 })

export const SIGNIN_OPTIONS = {
  ldap_url: option({
    at: 'ldap.url',
    schema: text(),
    default: '',
    flag: '--ldap-url <url>',
    env: 'COALITION_LDAP_URL',
    description: 'directory at which users sign in, as ldaps://ldap.studio.lan; empty: none',
  }),
  ldap_login: option({
    at: 'ldap.login',
    schema: text(),
    default: '',
    flag: '--ldap-login <template>',
    env: 'COALITION_LDAP_LOGIN',
    description:
      'what a user signs in as there, __login__ being the name: uid=__login__,ou=people,dc=studio,dc=lan, or __login__@studio.lan',
  }),
  ldap_base: option({
    at: 'ldap.base',
    schema: text(),
    default: '',
    flag: '--ldap-base <dn>',
    env: 'COALITION_LDAP_BASE',
    description: 'entry below which the filters search, as dc=studio,dc=lan',
  }),
  ldap_filters: option({
    at: 'ldap.filters',
    json: true,
    schema: Filters,
    default: {},
    flag: '--ldap-filters <json>',
    env: 'COALITION_LDAP_FILTERS',
    description:
      'roles and rights of those for whom a filter finds something, as admin = "(&(cn=td)(memberUid=__login__))"; none: all are artists',
    defaultText: '',
  }),
  ldap_starttls: option({
    at: 'ldap.starttls',
    json: true,
    schema: flag(),
    default: false as boolean,
    flag: '--ldap-starttls <boolean>',
    env: 'COALITION_LDAP_STARTTLS',
    description: 'begin TLS on an ldap:// connection before anything is said',
  }),
  ldap_ca: option({
    at: 'ldap.ca',
    schema: text(),
    default: '',
    flag: '--ldap-ca <file>',
    env: 'COALITION_LDAP_CA',
    description: "certificate (PEM) of the authority that signed the directory's, where the system does not know it",
    path: true,
  }),
  ldap_insecure: option({
    at: 'ldap.insecure',
    json: true,
    schema: flag(),
    default: false as boolean,
    flag: '--ldap-insecure <boolean>',
    env: 'COALITION_LDAP_INSECURE',
    description: 'let passwords travel in clear, where the directory has no TLS',
  }),
} as const satisfies Table
