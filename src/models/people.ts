/** People on the wire. */
import { type Static, Type } from '@sinclair/typebox'
import { USER_RIGHTS, USER_ROLES, USER_SOURCES } from '../db/schema.ts'
import { MAX_ID } from './common.ts'

const UserName = Type.String({ minLength: 1, maxLength: 255, description: 'Name of the user', examples: ['ann'] })
/** Taken with any text: what is wrong with a password is said where it is known. */
const Password = Type.String({
  maxLength: 65_536,
  description: 'The password',
  examples: ['correct horse battery'],
  confidential: true,
})
const RoleName = Type.Union(
  USER_ROLES.map((role) => Type.Literal(role)),
  { description: 'artist: own jobs, and sees all; wrangler: all jobs, workers, limits; admin: people too' },
)
const RightName = Type.Union(USER_RIGHTS.map((right) => Type.Literal(right)))
const ScopeName = Type.Union([...USER_RIGHTS, 'manage' as const, 'admin' as const].map((scope) => Type.Literal(scope)))
const rights = {
  description: 'For one’s own jobs, or with _all for those of everybody',
  examples: [['create', 'view']],
}
const scopesText =
  'What it may do of what its user may; manage: workers, limits, affinities; admin: people; null: all of it'
const time = (description: string) => Type.Integer({ minimum: 0, description, examples: [1763900000] })

export const User = Type.Object(
  {
    name: UserName,
    role: RoleName,
    rights: Type.Array(RightName, rights),
    own_rights: Type.Boolean({ description: 'The rights were given instead of those of the role' }),
    source: Type.Union(
      USER_SOURCES.map((source) => Type.Literal(source)),
      { description: 'Where they sign in: with a password of this server, by LDAP, or by OpenID Connect' },
    ),
    disabled: Type.Integer({ minimum: 0, maximum: 1, description: '1: nothing signs in for them' }),
    created: time('Seconds since the epoch'),
    signed_in: time('The last time they signed in, 0: never'),
  },
  { $id: 'User' },
)
export type User = Static<typeof User>

const userSettable = {
  role: Type.Optional(RoleName),
  rights: Type.Optional(
    Type.Union([Type.Array(RightName, { maxItems: 64 }), Type.Null({ wanted: 'null' })], {
      description: 'Instead of those of the role; null: those of the role',
    }),
  ),
  password: Type.Optional(Password),
}
export const NewUser = Type.Object(
  { name: UserName, ...userSettable },
  {
    $id: 'NewUser',
    additionalProperties: false,
    examples: [{ name: 'bob', role: 'artist', password: 'correct horse battery' }],
  },
)
export type NewUser = Static<typeof NewUser>
export const UserEdit = Type.Object(
  {
    ...userSettable,
    disabled: Type.Optional(
      Type.Union([Type.Literal(0), Type.Literal(1), Type.Boolean()], {
        description: '1: their sessions end, their tokens are of no use, they cannot sign in',
      }),
    ),
  },
  { $id: 'UserEdit', additionalProperties: false, examples: [{ role: 'wrangler' }] },
)
export type UserEdit = Static<typeof UserEdit>

export const SignIn = Type.Object(
  { name: UserName, password: Password },
  { $id: 'SignIn', additionalProperties: false, examples: [{ name: 'ann', password: 'correct horse battery' }] },
)
export const ProviderAddress = Type.Object(
  { url: Type.String({ description: 'Where the browser has to go', examples: ['https://login.studio.lan/auth?…'] }) },
  { $id: 'ProviderAddress' },
)
export type ProviderAddress = Static<typeof ProviderAddress>
export const ProviderAnswer = Type.Object(
  {
    answer: Type.String({
      maxLength: 16_384,
      description: 'The query with which the provider sent the browser back',
      confidential: true,
    }),
  },
  { $id: 'ProviderAnswer', additionalProperties: false, examples: [{ answer: '?code=…&state=…' }] },
)
export const FirstAdminInput = Type.Object(
  { secret: Type.String({ maxLength: 255, description: 'As the link has it' }), name: UserName, password: Password },
  {
    $id: 'FirstAdminInput',
    additionalProperties: false,
    examples: [{ secret: 'as the link has it', name: 'ann', password: 'correct horse battery' }],
  },
)
export const PasswordChange = Type.Object(
  { old: Password, password: Password },
  {
    $id: 'PasswordChange',
    additionalProperties: false,
    examples: [{ old: 'correct horse battery', password: 'staple battery horse' }],
  },
)

/** Who asks, and how somebody could sign in. */
export const Me = Type.Object(
  {
    kind: Type.Union(
      (['nobody', 'local', 'trusted', 'worker', 'user'] as const).map((kind) => Type.Literal(kind)),
      {
        description: 'nobody; local: from the machine of the server; trusted: from a network that is; a worker; a user',
      },
    ),
    name: Type.String({ description: 'Of the user or the worker; empty: none', examples: ['ann'] }),
    role: Type.Union([RoleName, Type.Null()], { description: 'null: no user' }),
    rights: Type.Array(RightName, rights),
    by: Type.Union([Type.Literal('session'), Type.Literal('token'), Type.Null()], { description: 'How it is known' }),
    own_password: Type.Boolean({ description: 'The password is kept here, and can be changed here' }),
    manages_people: Type.Boolean({ description: 'May see and change users, and the tokens of others' }),
    ways: Type.Object(
      {
        password: Type.Boolean({ description: 'With a name and a password' }),
        provider: Type.Union([Type.String(), Type.Null()], {
          description: 'At a provider, which people call so; null: there is none',
        }),
      },
      { description: 'How somebody could sign in here' },
    ),
  },
  { $id: 'Me' },
)
export type Me = Static<typeof Me>

const TokenName = Type.String({
  minLength: 1,
  maxLength: 100,
  pattern: '^[^\\u0000-\\u001f\\u007f]+$',
  description: 'What it is for',
  examples: ['nightly submit'],
})
const tokenColumns = {
  id: Type.Integer({ minimum: 1, maximum: MAX_ID, description: 'Id of the token', examples: [1] }),
  user: UserName,
  name: TokenName,
  scopes: Type.Union([Type.Array(ScopeName), Type.Null()], { description: scopesText }),
  created: time('Seconds since the epoch'),
  expires: time('It is of no use from then on, 0: never'),
  last_used: time('To the minute, 0: never'),
  revoked: time('When it was taken back, 0: it was not'),
}
export const Token = Type.Object(tokenColumns, { $id: 'Token' })
export type Token = Static<typeof Token>
export const MadeToken = Type.Object(
  { ...tokenColumns, token: Type.String({ description: 'The token itself, which is told this once' }) },
  { $id: 'MadeToken' },
)
export type MadeToken = Static<typeof MadeToken>
export const NewToken = Type.Object(
  {
    name: TokenName,
    days: Type.Optional(
      Type.Number({ minimum: 0, maximum: 36_500, description: 'It expires after so many; 0 or none: never' }),
    ),
    scopes: Type.Optional(
      Type.Union([Type.Array(ScopeName, { maxItems: 64 }), Type.Null({ wanted: 'null' })], { description: scopesText }),
    ),
    user: Type.Optional(Type.String({ maxLength: 255, description: 'Whom it is for; default: who asks' })),
  },
  {
    $id: 'NewToken',
    additionalProperties: false,
    examples: [{ name: 'nightly submit', days: 90, scopes: ['create', 'view'], user: 'ann' }],
  },
)
export type NewToken = Static<typeof NewToken>
