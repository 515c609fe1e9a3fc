/** The numbered table of affinities, 1 to 63 (`behaviour.md`, "Which job a worker gets"). Names past 63 work, and have no number. */
import { eq } from 'drizzle-orm'
import { affinities, workers } from '../db/schema.ts'
import { invalid } from '../errors.ts'
import type { Affinities } from '../models.ts'
import type { Core, Tx } from './core.ts'
import { namesOf } from './needs.ts'
import { saveWorker } from './roster.ts'

export const NUMBERS = 63
const LONGEST_NAME = 255
const BY_NUMBER = /^#([1-9]\d?)$/

/** `{"1": "linux", …, "63": ""}`: every number, with its name or an empty text. */
export function listAffinities({ db }: Pick<Core, 'db'>): Affinities {
  const all: Affinities = {}
  for (let number = 1; number <= NUMBERS; number++) all[number] = ''
  for (const { id, name } of db.select().from(affinities).all()) all[id] = name
  return all
}

/** The names in a text as they are kept: `#5` is what number 5 is called, and a new name takes the first free number. */
export function affinityNames(tx: Tx, text: string): string[] {
  const names = namesOf(text).map((name) => nameOfNumber(tx, name) ?? name)
  for (const name of names) if (canBeNumbered(name) && !tx.rows.affinityByName.get({ name })) number(tx, name)
  return [...new Set(names)].sort()
}

function number(tx: Tx, name: string): void {
  const free = tx.rows.freeNumber.get()
  if (free) tx.rows.addAffinity.run({ id: free.id, name })
}

/** What `setAffinities` would refuse as the name of a number does not get one by itself either. */
const canBeNumbered = (name: string) => nameProblem(name) === undefined

const isNumber = (name: string) => BY_NUMBER.test(name) && Number(name.slice(1)) <= NUMBERS

function nameOfNumber(tx: Tx, name: string): string | undefined {
  return isNumber(name) ? tx.rows.affinityByNumber.get({ id: Number(name.slice(1)) })?.name : undefined
}

/**
 * Sets names by number; an empty one takes the name away from the number. A number that had a name, or that was used as
 * `#5`, is renamed on all jobs and workers. Sets of names are interned, so this changes dozens of rows, not a million.
 */
export function setAffinities(tx: Tx, wanted: Affinities): void {
  const before = listAffinities(tx)
  const after = { ...before }
  for (const [id, text] of Object.entries(wanted)) after[id] = checkedName(id, text)
  refuseDoubles(wanted, after)
  const renamed = new Map<string, string>()
  for (const id of Object.keys(wanted)) {
    const [was, is] = [before[id] ?? '', after[id] ?? '']
    if (was === is) continue
    tx.db
      .delete(affinities)
      .where(eq(affinities.id, Number(id)))
      .run()
    if (is !== '') renamed.set(was || `#${id}`, is)
  }
  for (const id of Object.keys(wanted))
    if (before[id] !== after[id] && after[id]) tx.rows.addAffinity.run({ id: Number(id), name: after[id] })
  if (renamed.size === 0) return
  tx.tree.onUndo(tx.needs.rename(renamed))
  tx.changes.everything()
  for (const row of tx.db.select().from(workers).all()) {
    const text = row.affinity
      .split('\n')
      .map((line) =>
        namesOf(
          line
            .split(',')
            .map((each) => renamed.get(each) ?? each)
            .join(','),
        ).join(','),
      )
      .join('\n')
    if (text !== row.affinity) saveWorker(tx, row, { affinity: text })
  }
}

function checkedName(id: string, text: string): string {
  const name = text.trim()
  const problem = nameProblem(name)
  if (problem) throw invalid(id, `Affinity ${id} ${problem}`)
  return name
}

function nameProblem(name: string): string | undefined {
  if (name.length > LONGEST_NAME) return `is ${name.length} characters long: ${LONGEST_NAME} are the most.`
  if (/[,\n]/.test(name)) return `is '${name}': a name holds no comma and no newline.`
  if (name === '*' || name.startsWith('#'))
    return `is '${name}': * and # have a meaning of their own; choose another name.`
  return undefined
}

function refuseDoubles(wanted: Affinities, after: Affinities): void {
  const numbers = new Map<string, string>()
  for (const [id, name] of Object.entries(after)) {
    if (name === '') continue
    const other = numbers.get(name)
    if (other !== undefined && (id in wanted || other in wanted))
      throw invalid(
        id in wanted ? id : other,
        `'${name}' would be both number ${other} and number ${id}: a name has one number.`,
      )
    numbers.set(name, id)
  }
}
