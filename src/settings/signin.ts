/** The options of those who sign in elsewhere: at the directory of the studio, or at its provider. A part of `config.ts`. */
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
const Groups = Type.Unsafe<Record<string, string[]>>(
  Type.Partial(
    Type.Object(
      Object.fromEntries(
        FILTERS.map((name) => [name, Type.Array(Type.String({ minLength: 1, maxLength: 1024 }), { maxItems: 1000 })]),
      ),
    ),
    { additionalProperties: false, wanted: `a table of lists of groups by role or right: ${FILTERS.join(', ')}` },
  ),
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
      'roles and rights of those for whom a filter finds something, as admin = "(&(cn=td)(memberUid=__login__))"; none: all are artists, until an admin says otherwise',
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
  oidc_issuer: option({
    at: 'oidc.issuer',
    schema: text(),
    default: '',
    flag: '--oidc-issuer <url>',
    env: 'COALITION_OIDC_ISSUER',
    description:
      'provider of OpenID Connect at which users sign in, as https://login.studio.lan/realms/studio; empty: none',
  }),
  oidc_client_id: option({
    at: 'oidc.client_id',
    schema: text(),
    default: '',
    flag: '--oidc-client-id <id>',
    env: 'COALITION_OIDC_CLIENT_ID',
    description: 'what the provider calls this farm',
  }),
  oidc_client_secret: option({
    at: 'oidc.client_secret',
    schema: text(),
    default: '',
    flag: '',
    env: 'COALITION_OIDC_CLIENT_SECRET',
    description: 'the secret that the provider gave it; empty: a public client, which has none',
    secret: true,
  }),
  oidc_client_secret_file: option({
    at: 'oidc.client_secret_file',
    schema: text(),
    default: '',
    flag: '--oidc-client-secret-file <file>',
    env: 'COALITION_OIDC_CLIENT_SECRET_FILE',
    description: 'file that holds the secret, and nothing else',
    path: true,
  }),
  oidc_scopes: option({
    at: 'oidc.scopes',
    schema: Type.String({
      maxLength: 4096,
      pattern: '^(.* )?openid( .*)?$',
      wanted: 'scopes with spaces between them, one of which is openid',
    }),
    default: 'openid profile email',
    flag: '--oidc-scopes <scopes>',
    env: 'COALITION_OIDC_SCOPES',
    description: 'what the provider is asked for',
  }),
  oidc_user_claim: option({
    at: 'oidc.user_claim',
    schema: Type.String({ minLength: 1, maxLength: 255 }),
    default: 'preferred_username',
    flag: '--oidc-user-claim <claim>',
    env: 'COALITION_OIDC_USER_CLAIM',
    description: 'claim that has the name of the user; one of an e-mail address has to be verified',
  }),
  oidc_groups_claim: option({
    at: 'oidc.groups_claim',
    schema: Type.String({ minLength: 1, maxLength: 255 }),
    default: 'groups',
    flag: '--oidc-groups-claim <claim>',
    env: 'COALITION_OIDC_GROUPS_CLAIM',
    description: 'claim that has the groups of the user; realm_access.roles for one inside another',
  }),
  oidc_groups: option({
    at: 'oidc.groups',
    json: true,
    schema: Groups,
    default: {},
    flag: '--oidc-groups <json>',
    env: 'COALITION_OIDC_GROUPS',
    description:
      'roles and rights of those who are in one of these groups, as admin = ["td"]; none: all are artists, until an admin says otherwise',
    defaultText: '',
  }),
  oidc_label: option({
    at: 'oidc.label',
    schema: Type.String({ minLength: 1, maxLength: 100, pattern: '^[^\\u0000-\\u001f\\u007f]+$' }),
    default: 'your studio account',
    flag: '--oidc-label <text>',
    env: 'COALITION_OIDC_LABEL',
    description: 'how people call the provider: what the button says after "Sign in with"',
  }),
  oidc_redirect_base: option({
    at: 'oidc.redirect_base',
    schema: text(),
    default: '',
    flag: '--oidc-redirect-base <url>',
    env: 'COALITION_OIDC_REDIRECT_BASE',
    description:
      "address of this server in the users' browsers, as https://farm.studio.lan; the provider has to know it with /oidc/callback behind; empty: as the browser asked",
  }),
  oidc_ca: option({
    at: 'oidc.ca',
    schema: text(),
    default: '',
    flag: '--oidc-ca <file>',
    env: 'COALITION_OIDC_CA',
    description:
      "certificate (PEM) of the authority that signed the provider's, where the system does not know it; NODE_EXTRA_CA_CERTS does as well",
    path: true,
  }),
  oidc_insecure: option({
    at: 'oidc.insecure',
    json: true,
    schema: flag(),
    default: false as boolean,
    flag: '--oidc-insecure <boolean>',
    env: 'COALITION_OIDC_INSECURE',
    description: 'let a provider without TLS say who somebody is: whoever is on the way can say it too',
  }),
} as const satisfies Table
