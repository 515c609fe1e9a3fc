/** An authority of a studio's own, and what it signs: by openssl, since Bun makes keys and no certificates. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Issued {
  cert: string
  key: string
}

export interface Authority extends Disposable {
  folder: string
  /** The file of its certificate. */
  ca: string
  /** Files of a certificate for localhost, 127.0.0.1 and these names, whose subject is `subject`. */
  issue(subject: string, names?: string[]): Issued
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

export function createAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'coalition-tls-'))
  const at = (name: string) => join(folder, name)
  const openssl = (...words: string[]) => {
    const { exitCode, stderr } = Bun.spawnSync(['openssl', ...words], { stdout: 'ignore', stderr: 'pipe' })
    if (exitCode !== 0) throw new Error(`openssl ${words.join(' ')}: ${stderr}`)
  }
  const [ca, caKey] = [at('ca.crt'), at('ca.key')]
  openssl('req', '-x509', ...KEY, '-keyout', caKey, '-out', ca, '-days', '30', '-subj', '/CN=studio authority')
  return {
    folder,
    ca,
    issue(subject, names = []) {
      const [cert, key, request, extensions] = ['crt', 'key', 'csr', 'ext'].map((end) => at(`${subject}.${end}`)) as [
        string,
        string,
        string,
        string,
      ]
      const all = ['localhost', ...names].map((name) => `DNS:${name}`)
      writeFileSync(extensions, `subjectAltName=${[...all, 'IP:127.0.0.1'].join(',')}\n`)
      openssl('req', ...KEY, '-keyout', key, '-out', request, '-subj', `/CN=${subject}`)
      const signed = ['-CA', ca, '-CAkey', caKey, '-CAcreateserial', '-days', '30', '-extfile', extensions]
      openssl('x509', '-req', '-in', request, ...signed, '-out', cert)
      return { cert, key }
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}
