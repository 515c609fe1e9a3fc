/** The directory at which people sign in, from what the configuration says. */
import { readFileSync } from 'node:fs'
import { reason, StartError } from './db/startError.ts'
import { ldapDirectory, ldapProblem } from './doors/ldap.ts'
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
    ca: file === '' ? '' : read(file),
  }
  const problem = ldapProblem(rules)
  if (problem !== undefined) throw new StartError(problem)
  return ldapDirectory(rules)
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new StartError(
      `ldap.ca: ${file} cannot be read (${reason(error)}): name a file of certificates in PEM.`,
      error,
    )
  }
}
