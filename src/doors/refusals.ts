/** Those who were refused, for the audit: summed up, so that who tries without end does not fill the disk. */
import { type Author, apart, type Entry } from '../domain/audit.ts'
import { FarmError } from '../errors.ts'
import type { Farm } from '../farm.ts'
import type { Audited } from './audited.ts'

/** They are written so often, a row for each who, where and what. */
const EVERY_MS = 10_000
/** Rows at a time; all that is beyond them is one row more. */
const MOST_ROWS = 50

export interface Refused extends Author {
  audited: Audited | undefined
  object?: string | undefined
}

export class Refusals {
  #entries = new Map<string, Entry & { times: number }>()
  #beyond = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly farm: Pick<Farm, 'write'>) {}

  note({ audited, object, ...author }: Refused): void {
    const { who, actor, by, address } = author
    const action = audited?.action ?? 'call'
    const key = JSON.stringify([who, actor, by, address, action, object])
    const known = this.#entries.get(key)
    if (known) known.times++
    else if (this.#entries.size >= MOST_ROWS) this.#beyond++
    else
      this.#entries.set(key, {
        ...author,
        action,
        kind: audited?.kind ?? 'server',
        objects: object === undefined ? [] : [object],
        outcome: 'refused',
        times: 1,
      })
    this.#timer ??= setTimeout(() => void this.flush(), EVERY_MS).unref()
  }

  /** Writes what there is. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const entries: Entry[] = [...this.#entries.values()]
    if (this.#beyond > 0) entries.push({ ...OTHERS, times: this.#beyond })
    this.#entries.clear()
    this.#beyond = 0
    if (entries.length === 0) return
    try {
      await new Promise<void>((resolve, reject) =>
        apart(() => {
          this.farm
            .write((tx) => {
              for (const entry of entries) tx.audit.add(tx.now, entry)
            })
            .then(resolve, reject)
        }),
      )
    } catch (error) {
      // A full disk has its own line; they are lost.
      if (!(error instanceof FarmError)) console.error('refusals could not be written to the audit:', error)
    }
  }
}

/** Of whom there were too many to tell each. */
const OTHERS: Entry = {
  who: '',
  actor: 'nobody',
  by: '',
  address: '',
  action: 'call',
  kind: 'server',
  objects: ['others'],
  outcome: 'refused',
}
