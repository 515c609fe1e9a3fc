/** Whether a database holds together: `coalition check`, every backup, and the tests ask the same. */
import type { Database } from 'bun:sqlite'
import type { JobRow } from '../db/schema.ts'
import { type Invariant, JOB_INVARIANTS, TABLES, TELL_ALL } from './invariants.ts'
import { COUNTED, type CountedGroup, recount } from './recount.ts'
import { AS_RESET, HIDDEN, SEEN_ROWS } from './seen.ts'
import { groupState } from './states.ts'

/** Something that always holds, and does not here. */
export interface Breach {
  name: string
  /** What should hold, in words. */
  text: string
  count: number
  /** The first of them. */
  examples: string[]
  /** It follows from other rows, so `mend` makes it right. */
  mendable: boolean
}

const EXAMPLES = 10

/**
 * All breaches of what always holds; none: sound. One pass over each table and one along an index: 3 s for 1,000,000 jobs,
 * in the memory that their groups take. What SQLite itself finds wrong with the file is another question
 * (`PRAGMA integrity_check`), and comes first: these statements believe the indexes.
 */
export function checkFarm(sqlite: Database): Breach[] {
  const notes = new Notes()
  for (const table of TABLES) checkRows(sqlite, table, notes)
  checkGroups(sqlite, notes)
  return notes.list()
}

class Notes {
  #breaches = new Map<string, Breach>()

  add(name: string, text: string, example: string, mendable: boolean): void {
    const breach = this.#breaches.get(name) ?? { name, text, count: 0, examples: [], mendable }
    this.#breaches.set(name, breach)
    breach.count++
    if (breach.examples.length < EXAMPLES) breach.examples.push(example)
  }

  list = (): Breach[] => [...this.#breaches.values()]
}

function checkRows(
  sqlite: Database,
  { from, label, invariants, where = 'true' }: (typeof TABLES)[number],
  notes: Notes,
): void {
  const columns = invariants.map(({ broken, shown }, i) => `iif(${broken}, ${shown}, null) as broken_${i}`)
  const anyOf = invariants.map(({ broken }) => `(${broken})`).join(' or ')
  const rows = sqlite.query<Record<string, string | null>, []>(
    `with recursive ${HIDDEN} select ${label} as label, ${columns.join(', ')} from ${from} where (${anyOf}) and ${where}`,
  )
  for (const row of rows.iterate())
    for (const [i, { name, text, mend }] of invariants.entries()) {
      const shown = row[`broken_${i}`]
      if (shown !== null) notes.add(name, text, `${row.label}: ${shown}`, mend !== undefined)
    }
}

type GroupRow = Pick<JobRow, 'id' | 'state' | 'paused' | 'unfinished' | (typeof COUNTED)[number]>

/** The groups that the root leads to, with their rows. */
function* groupRows(sqlite: Database, groups: ReadonlyMap<number, CountedGroup>): Generator<[GroupRow, CountedGroup]> {
  const rows = sqlite.query<GroupRow, []>(
    `select id, state, paused, unfinished, ${COUNTED.join(', ')} from (${SEEN_ROWS}) where command = ''`,
  )
  for (const row of rows.iterate()) {
    const group = groups.get(row.id)
    if (group) yield [row, group]
  }
}

const COUNTERS_TEXT = 'the counters of a group are what its leaves add up to'
const STATE_TEXT = 'the state of a group follows from its leaves'

function checkGroups(sqlite: Database, notes: Notes): void {
  const { groups, unreached } = recount(sqlite)
  for (const id of unreached)
    notes.add('circle', 'the root leads to every group: none is below itself', `job ${id}`, false)
  for (const [row, group] of groupRows(sqlite, groups)) {
    const differ = COUNTED.filter((name) => row[name] !== group[name])
    if (differ.length > 0) {
      const list = differ.map((name) => `${name} ${row[name]}, counted ${group[name]}`)
      notes.add('counters', COUNTERS_TEXT, `job ${row.id}: ${list.join('; ')}`, true)
    }
    const state = groupState(group, row.paused === 1, row.unfinished)
    if (row.state !== state) notes.add('group state', STATE_TEXT, `job ${row.id}: ${row.state}, follows ${state}`, true)
  }
}

/** How many rows were put right, by the name of what holds again. */
export type Mended = Record<string, number>

/**
 * Puts right what follows from other rows: counters and states of groups, then what depends on them. To be called in a
 * transaction, on a database that no server has open. The state of a group that its leaves have FINISHED hangs on no
 * dependency, so one turn is enough.
 */
export function mend(sqlite: Database): Mended {
  const mended: Mended = {}
  const note = (name: string, rows: number) => {
    if (rows > 0) mended[name] = (mended[name] ?? 0) + rows
  }
  writeResets(sqlite)
  const { groups } = recount(sqlite)
  const count = sqlite.query(`update jobs set ${COUNTED.map((name) => `${name} = ?`).join(', ')} where id = ?`)
  const restate = sqlite.query('update jobs set state = ? where id = ?')
  // Read to the end before anything is written: a cursor may meet its own changes again.
  for (const [row, group] of [...groupRows(sqlite, groups)]) {
    if (COUNTED.some((name) => row[name] !== group[name]))
      note('counters', count.run(...COUNTED.map((name) => group[name]), row.id).changes)
    const state = groupState(group, row.paused === 1, row.unfinished)
    if (row.state !== state) note('group state', restate.run(state, row.id).changes)
  }
  // What a server would tell step by step is no fault, and goes with it.
  const telling = sqlite.query('delete from tellings').run().changes > 0
  const told = sqlite.query(TELL_ALL).run().changes
  if (!telling) note('told', told)
  for (const invariant of JOB_INVARIANTS) note(invariant.name, mendRows(sqlite, invariant))
  return mended
}

/** What reads as reset is written so at once, where a server would do it step by step (reset.ts). */
function writeResets(sqlite: Database): void {
  if (!sqlite.query('select 1 from reset_groups limit 1').get()) return
  sqlite.run(`
    update jobs set ${Object.keys(AS_RESET)
      .map((name) => `${name} = seen.${name}`)
      .join(', ')},
      ready = seen.command <> '' and seen.state = 'WAITING' and seen.wake_at = 0
    from (${SEEN_ROWS}) seen where seen.id = jobs.id and seen.reset > jobs.reset`)
  sqlite.run(`update jobs set reset = 0 where command = '' and reset > 0`)
  sqlite.run('delete from reset_groups')
  sqlite.run('delete from resets')
}

const mendRows = (sqlite: Database, { broken, mend }: Invariant): number =>
  mend === undefined ? 0 : sqlite.run(`update jobs set ${mend} where ${broken}`).changes
