/** How long it is known who did what. A part of `config.ts`. */
import { Type } from '@sinclair/typebox'
import { option, type Table } from './option.ts'

export const AUDIT_OPTIONS = {
  keep_audit: option({
    schema: Type.Number({ minimum: 0, maximum: 36_500 }),
    default: 365,
    flag: '--keep-audit <days>',
    env: 'COALITION_KEEP_AUDIT',
    description: 'days after which a record of the audit is deleted; 0: never',
  }),
  keep_audit_rows: option({
    schema: Type.Integer({ minimum: 0, maximum: 10 ** 9 }),
    default: 1_000_000,
    flag: '--keep-audit-rows <number>',
    env: 'COALITION_KEEP_AUDIT_ROWS',
    description: 'records of the audit that there are at most, some 300 bytes each; 0: any number',
  }),
} as const satisfies Table
