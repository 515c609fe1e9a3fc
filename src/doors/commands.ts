/** Which commands the farm takes: regular expressions that the whole command has to fit, for all and by user. */
import type { RE2JS } from 're2js'
import { hideInCommand } from '../domain/hidden.ts'
import { compilePattern } from '../domain/patterns.ts'
import { FarmError } from '../errors.ts'

export interface CommandRules {
  allow?: readonly string[]
  users?: Readonly<Record<string, readonly string[]>>
}

export class Commands {
  readonly #allow: readonly RE2JS[]
  readonly #users: ReadonlyMap<string, readonly RE2JS[]>

  /** Throws for an expression that cannot be used. */
  constructor({ allow = [], users = {} }: CommandRules) {
    this.#allow = compiled(allow, 'commands.allow')
    this.#users = new Map(
      Object.entries(users).map(([user, list]) => [user, compiled(list, `commands.users.${user}`)] as const),
    )
  }

  /** Without any rule, everything is taken. */
  get isOpen(): boolean {
    return this.#allow.length === 0 && this.#users.size === 0
  }

  /** A group runs nothing. */
  takes(command: string, user: string): boolean {
    if (this.isOpen || command === '') return true
    return [...this.#allow, ...(this.#users.get(user) ?? [])].some((rule) => rule.matches(command))
  }

  refuse(command: string, user: string, field: string): void {
    if (this.takes(command, user)) return
    throw new FarmError(
      'forbidden',
      `The command '${hideInCommand(command)}' fits none of the commands that this farm takes${user === '' ? '' : ` of ${user}`}: a wrangler can add to [commands] in coalition.toml.`,
      field,
    )
  }
}

const compiled = (list: readonly string[], field: string): RE2JS[] => list.map((text) => compilePattern(text, field))
