/** Signing in at the directory of the studio, as Coalition did: by binding with what the user typed. */
import {
  Client,
  Filter,
  InvalidCredentialsError,
  InvalidDNSyntaxError,
  NoSuchObjectError,
  ResultCodeError,
} from 'ldapts'
import { FarmError } from '../errors.ts'
import { type Found, foundBy } from './found.ts'
import type { Directory } from './sessions.ts'

export interface LdapRules {
  url: string
  /** `__login__` stands for the name. */
  login: string
  base: string
  filters: Readonly<Record<string, string>>
  starttls: boolean
  /** PEM; empty: the authorities that the system knows. */
  ca: string
  insecure: boolean
}

const TIMEOUT_MS = 10_000
/**
 * What means something in a DN. The name stands in DNs, in filters, and in DNs inside filters (`member=uid=__login__,…`), each
 * with an escape of its own: a name with one of these is nobody's instead.
 */
const OF_A_DN = /[,+"\\<>;=#/]/

/** A name inside a filter is a value, whatever it holds (RFC 4515): `*` is a star and finds nobody else. */
export const filterFor = (template: string, name: string): string =>
  template.replaceAll('__login__', () => Filter.escape(name))

/** Why these rules cannot be, in words; undefined: they can. */
export function ldapProblem({ url, login, base, filters, starttls, insecure }: LdapRules): string | undefined {
  const parsed = URL.parse(url)
  if (parsed?.protocol !== 'ldap:' && parsed?.protocol !== 'ldaps:')
    return `ldap.url: '${url}' is no address of a directory: write one like ldaps://ldap.studio.lan.`
  if (!login.includes('__login__'))
    return `ldap.login: '${login}' does not say where the name goes: write one like uid=__login__,ou=people,dc=studio,dc=lan.`
  if (Object.keys(filters).length > 0 && base === '')
    return 'ldap.base is missing: write the entry below which the filters search, as dc=studio,dc=lan.'
  if (parsed.protocol === 'ldaps:' && starttls)
    return 'ldap.starttls is for ldap://: an ldaps:// connection begins with TLS.'
  if (parsed.protocol === 'ldap:' && !starttls && !insecure)
    return `ldap.url: passwords would travel to ${url} in clear: write ldaps://, or ldap.starttls = true; ldap.insecure = true if it has to be.`
  return undefined
}

export function ldapDirectory(rules: LdapRules): Directory {
  const { url, login, starttls, ca } = rules
  const tls = ca === '' ? {} : { ca }

  async function ask(name: string, password: string): Promise<Found | undefined> {
    const client = new Client({
      url,
      timeout: TIMEOUT_MS,
      connectTimeout: TIMEOUT_MS,
      ...(url.startsWith('ldaps:') && { tlsOptions: tls }),
    })
    try {
      if (starttls) await client.startTLS(tls)
      if (
        !(await binds(
          client,
          login.replaceAll('__login__', () => name),
          password,
        ))
      )
        return undefined
      return await found(client, name, rules)
    } finally {
      await client.unbind().catch(() => {})
    }
  }

  return {
    async signIn(name, password) {
      // A bind without a password is one as nobody, and succeeds (RFC 4513, 5.1.2).
      if (password === '' || OF_A_DN.test(name)) return undefined
      try {
        return await ask(name, password)
      } catch (error) {
        if (error instanceof FarmError) throw error
        console.error(
          `the directory ${url} could not be asked: ${error instanceof Error ? error.message : String(error)}`,
        )
        throw new FarmError('unavailable', 'The directory of the studio does not answer: try again, or ask an admin.')
      }
    },
  }
}

async function binds(client: Client, as: string, password: string): Promise<boolean> {
  try {
    await client.bind(as, password)
    return true
  } catch (error) {
    const nobody = [InvalidCredentialsError, InvalidDNSyntaxError, NoSuchObjectError].some(
      (kind) => error instanceof kind,
    )
    if (nobody) return false
    throw error
  }
}

/** Asked as the user, who can see the groups that he is in. */
async function found(client: Client, name: string, { base, filters }: LdapRules): Promise<Found> {
  const holds = async (what: string): Promise<boolean> => {
    const template = filters[what]
    if (template === undefined) return false
    const filter = filterFor(template, name)
    try {
      const { searchEntries } = await client.search(base, { filter, scope: 'sub', sizeLimit: 1, attributes: ['1.1'] })
      return searchEntries.length > 0
    } catch (error) {
      // More than the one that was asked for.
      if (error instanceof ResultCodeError && error.code === SIZE_LIMIT_EXCEEDED) return true
      throw error
    }
  }
  const said = await foundBy(Object.keys(filters).length === 0, holds)
  if (said) return said
  throw new FarmError('forbidden', `${name} is known to the directory, and has no right on this farm: ask an admin.`)
}

const SIZE_LIMIT_EXCEEDED = 4
