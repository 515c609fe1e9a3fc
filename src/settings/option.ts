/** How an option is declared: once, for the file, the variable, the flag and the table in the README. */
import type { Static, TSchema } from '@sinclair/typebox'

export interface Option<S extends TSchema = TSchema> {
  schema: S
  default: Static<S>
  /** As commander reads it: its long name is the key in the file, with `-` for `_`. */
  flag: string
  env: string
  description: string
  /** A path is relative to where it was written: to the file's folder, or to the working directory. */
  path?: boolean
  /** Its place in the file, where that is in a table of its own: `workers.trust`. */
  at?: string
  /** How a list stands in a flag or a variable; default: with commas. Where a comma may be part of an item, as JSON. */
  json?: boolean
  /** What is wrong with it is said without it: it would stand in the log of a service. */
  secret?: boolean
  /** What the README shows where the default depends on the machine. */
  defaultText?: string
}
export type Table = Record<string, Option>
export type Values<T extends Table> = { -readonly [K in keyof T]: Static<T[K]['schema']> }

export const option = <S extends TSchema>(declared: Option<S>): Option<S> => declared
