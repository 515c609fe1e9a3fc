/** The certificate of a studio's own authority, for clients whose system does not know it. */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { FarmError } from './errors.ts'

/** The PEM in a file; undefined for no file. */
export function readAuthority(file: string): string | undefined {
  if (file === '') return undefined
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw refused(`${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`)
  }
  try {
    new X509Certificate(text)
  } catch {
    throw refused(`${file} holds no certificate in PEM (-----BEGIN CERTIFICATE-----).`)
  }
  return text
}

const refused = (words: string) =>
  new FarmError('invalid', `The certificate of the authority (--ca, COALITION_CA): ${words}`, 'ca')
