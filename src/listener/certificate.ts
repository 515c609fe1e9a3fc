/** A certificate and its key, as they lie in files: read, and looked at before anybody is shown them. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { FarmError } from '../errors.ts'

export interface CertificateFiles {
  cert: string
  key: string
}

/** Two files that belong together. */
export interface Pair {
  /** PEM, as Bun takes it. */
  cert: string
  key: string
  /** Names that it is for, as `farm.studio.lan` or `*.studio.lan`; no addresses. */
  names: string[]
  /** Seconds since the epoch. */
  from: number
  until: number
}

/** Undefined: no TLS. One without the other is a mistake that would leave a server without TLS in silence. */
export function certificateFiles(cert: string, key: string): CertificateFiles | undefined {
  if (cert === '' && key === '') return undefined
  if (key === '') throw refused('tls_key', `tls.cert is ${cert}, and tls.key is missing: name its key with --tls-key.`)
  if (cert === '')
    throw refused('tls_cert', `tls.key is ${key}, and tls.cert is missing: name its certificate with --tls-cert.`)
  return { cert, key }
}

const refused = (field: string, words: string) => new FarmError('invalid', words, field)

/** Throws `FarmError` for a file that cannot be read. */
export async function readFiles({ cert, key }: CertificateFiles): Promise<CertificateFiles> {
  const read = (field: string, file: string) =>
    readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw refused(field, `${field.replace('_', '.')}: ${file} cannot be read (${error.code ?? error.message}).`)
    })
  const [certText, keyText] = await Promise.all([read('tls_cert', cert), read('tls_key', key)])
  return { cert: certText, key: keyText }
}

/** `files` are named in the words of a refusal; the texts never are. */
export function pairOf({ cert, key }: CertificateFiles, files: CertificateFiles): Pair {
  const leaf = certificateIn(cert, files.cert)
  const privateKey = keyIn(key, files.key)
  if (!leaf.checkPrivateKey(privateKey))
    throw refused(
      'tls_key',
      `tls.key: ${files.key} is not the key of the first certificate in ${files.cert}: name the two that were made together.`,
    )
  return {
    cert,
    key,
    names: [...(leaf.subjectAltName ?? '').matchAll(/DNS:([^,\s"]+)/g)].map(([, name = '']) => name),
    from: Date.parse(leaf.validFrom) / 1000,
    until: Date.parse(leaf.validTo) / 1000,
  }
}

function certificateIn(text: string, file: string): X509Certificate {
  try {
    return new X509Certificate(text)
  } catch {
    throw refused(
      'tls_cert',
      `tls.cert: ${file} holds no certificate in PEM (-----BEGIN CERTIFICATE-----) at its begin.`,
    )
  }
}

function keyIn(text: string, file: string): KeyObject {
  try {
    return createPrivateKey(text)
  } catch (error) {
    throw refused(
      'tls_key',
      (error as { code?: string }).code === 'ERR_MISSING_PASSPHRASE'
        ? `tls.key: ${file} has a passphrase, which nobody types at the start of a service: take it off (openssl pkey -in … -out …).`
        : `tls.key: ${file} holds no private key in PEM (-----BEGIN PRIVATE KEY-----).`,
    )
  }
}

const DAY = 86_400
/** certbot renews with 30 days left: with so few something is wrong. */
const SOON_DAYS = 7

export const dateOf = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10)

/** What somebody has to be told of a certificate that is in use, if anything. */
export function concern({ from, until }: Pick<Pair, 'from' | 'until'>, now: number): string | undefined {
  if (until <= now) return `the certificate has expired on ${dateOf(until)}: clients refuse it; renew it`
  if (from > now) return `the certificate is not valid before ${dateOf(from)}: clients refuse it until then`
  if (until <= now + SOON_DAYS * DAY) return `the certificate expires on ${dateOf(until)}: renew it`
  return undefined
}
