/** The options of TLS in the server. A part of `config.ts`. */
import { Type } from '@sinclair/typebox'
import { option, type Table } from './option.ts'

const file = () => Type.String({ maxLength: 4096 })

export const TLS_OPTIONS = {
  tls_cert: option({
    at: 'tls.cert',
    schema: file(),
    default: '',
    flag: '--tls-cert <file>',
    env: 'COALITION_TLS_CERT',
    description:
      'certificate (PEM) of this server, and after it those that lead to its authority: serve https; read again when it changes',
    path: true,
  }),
  tls_key: option({
    at: 'tls.key',
    schema: file(),
    default: '',
    flag: '--tls-key <file>',
    env: 'COALITION_TLS_KEY',
    description: 'its private key (PEM), without a passphrase',
    path: true,
  }),
} as const satisfies Table
