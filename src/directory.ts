/** Where people sign in elsewhere, from what the configuration says: the studio's directory, its provider. */
import { readFileSync } from 'node:fs'
import { reason, StartError } from './db/startError.ts'
import { ldapDirectory, ldapProblem } from './doors/ldap.ts'
import { oidcProblem, oidcProvider, type Provider } from './doors/oidc.ts'
import type { Directory } from './doors/sessions.ts'

export interface DirectorySettings {
  ldap_url?: string
  ldap_login?: string
  ldap_base?: string
  ldap_filters?: Record<string, string>
  ldap_starttls?: boolean
  ldap_ca?: string
  ldap_insecure?: boolean
}
export interface ProviderSettings {
  oidc_issuer?: string
  oidc_client_id?: string
  oidc_client_secret?: string
  oidc_client_secret_file?: string
  oidc_scopes?: string
  oidc_user_claim?: string
  oidc_groups_claim?: string
  oidc_groups?: Record<string, string[]>
  oidc_label?: string
  oidc_redirect_base?: string
  oidc_ca?: string
  oidc_insecure?: boolean
}

/** Throws `StartError` for what cannot be: a mistake would otherwise wait for the first who signs in. */
export function directoryOf(settings: DirectorySettings): Directory | undefined {
  const { ldap_url: url = '', ldap_ca: file = '' } = settings
  if (url === '') return undefined
  const rules = {
    url,
    login: settings.ldap_login ?? '',
    base: settings.ldap_base ?? '',
    filters: settings.ldap_filters ?? {},
    starttls: settings.ldap_starttls ?? false,
    insecure: settings.ldap_insecure ?? false,
    ca: file === '' ? '' : read('ldap.ca', file, CERTIFICATES),
  }
  const problem = ldapProblem(rules)
  if (problem !== undefined) throw new StartError(problem)
  return ldapDirectory(rules)
}

/** The same for the provider. That it answers is not asked here: the farm renders without it. */
export function providerOf(settings: ProviderSettings): Provider | undefined {
  const { oidc_issuer: issuer = '', oidc_ca: ca = '' } = settings
  if (issuer === '') return undefined
  const rules = {
    issuer,
    clientId: settings.oidc_client_id ?? '',
    clientSecret: clientSecretOf(settings),
    scopes: settings.oidc_scopes ?? 'openid profile email',
    userClaim: settings.oidc_user_claim ?? 'preferred_username',
    groupsClaim: settings.oidc_groups_claim ?? 'groups',
    groups: settings.oidc_groups ?? {},
    label: settings.oidc_label ?? 'your studio account',
    redirectBase: settings.oidc_redirect_base ?? '',
    ca: ca === '' ? '' : read('oidc.ca', ca, CERTIFICATES),
    insecure: settings.oidc_insecure ?? false,
  }
  const problem = oidcProblem(rules)
  if (problem !== undefined) throw new StartError(problem)
  return oidcProvider(rules)
}

function clientSecretOf({
  oidc_client_secret: secret = '',
  oidc_client_secret_file: file = '',
}: ProviderSettings): string {
  if (file === '') return secret
  if (secret !== '')
    throw new StartError('oidc.client_secret and oidc.client_secret_file are both there: take one of them away.')
  const found = read('oidc.client_secret_file', file, 'a file that holds the secret').trim()
  if (found === '') throw new StartError(`oidc.client_secret_file: ${file} is empty: write the secret into it.`)
  return found
}

const CERTIFICATES = 'a file of certificates in PEM'

function read(option: string, file: string, wanted: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new StartError(`${option}: ${file} cannot be read (${reason(error)}): name ${wanted}.`, error)
  }
}
