/**
 * New jobs, as many as a request brings: single ones, trees (`children`, and names that dependencies in the same request can
 * use), and groups of frames. All of it is there, or nothing.
 */
import { FarmError, invalid } from '../errors.ts'
import type { Dependency, NewJob } from '../models.ts'
import type { Tx } from './core.ts'
import type { Leaf } from './counts.ts'
import { refuseTooMany, setDependencies } from './dependencies.ts'
import { groupsTo, refuseDeeper } from './depth.ts'
import { type Chunk, chunkText, planFrames, type Template } from './frames.ts'
import type { Group } from './group.ts'
import { emptyGroup } from './groupRows.ts'
import { revealIn } from './hidden.ts'
import { DEFAULTS, groupAt, pausedIn, refuseOfLeaf, settingsOf } from './inputs.ts'
import { shownIn } from './seen.ts'
import { restingState, wakeTime } from './states.ts'

/** Rows made in one transaction, some 20 ms: other requests come in between. */
const STEP = 1500
/** Frames made by one statement, and characters of their commands after which it takes no more. */
const FRAMES_AT_ONCE = 250
const LONGEST_LIST = 1_000_000

interface Planned {
  input: NewJob
  field: (name: string) => string
  settings: ReturnType<typeof settled>
  paused: boolean
  /** The one it is in, when that is made by the same request. */
  inside?: Planned
  frames?: { chunks: Chunk[]; template: Template }
  id: number
  /** A leaf that is in nothing that the same request makes: as its group will count it. */
  leaf?: Leaf
}

/**
 * Makes jobs step by step: each turn takes the transaction it is to work in. Answers the ids, in the order in which the
 * jobs are written. What can be refused is refused in the first turn, but circles: those are seen when all is there.
 *
 * What takes more than one turn is made in a `cradle`, a parent below 0 of its own: nobody sees it until the last turn puts
 * it where it belongs; what a failure, or the end of the server, has left there is removed as what was deleted (removal.ts).
 */
export function* submit(
  inputs: readonly NewJob[],
  field: (index: number, name: string) => string,
  cradle: number,
): Generator<void, number[], Tx> {
  let tx = yield
  const planned = plan(tx, inputs, field)
  const all = planned.reduce((sum, { frames }) => sum + 1 + (frames?.chunks.length ?? 0), 0)
  const atOnce = all <= STEP
  let rows = 0
  const tops: { group: Group; parent: number }[] = []
  const groups = new Map<Planned, Group>()
  for (const job of planned) {
    const { settings, paused, inside, frames } = job
    const isLeaf = settings.command !== '' && !frames
    const state = restingState(paused, 0)
    const wake_at = wakeTime({ start_after: settings.start_after, retry_at: 0 }, tx.now)
    const ready = Number(isLeaf && state === 'WAITING' && wake_at === 0)
    const { lastInsertRowid } = tx.rows.addJob.run({
      ...settings,
      command: isLeaf ? settings.command : '',
      parent: inside?.id ?? (atOnce ? settings.parent : cradle),
      reset: inside || !isLeaf ? 0 : shownIn(groupAt(tx, settings.parent)),
      state,
      paused: Number(paused),
      ready,
      wake_at,
    })
    job.id = Number(lastInsertRowid)
    const holder = inside && groups.get(inside)
    if (isLeaf) {
      if (holder) born(holder, settings.needs_id, ready === 1)
      else
        job.leaf = {
          ...NEW_LEAF,
          state,
          ready,
          parent: settings.parent,
          needs_id: settings.needs_id,
          user: settings.user,
        }
    } else {
      const row = { ...settings, id: job.id, paused: Number(paused), unfinished: 0, waited: 0, wake_at, state }
      const group = emptyGroup(row, tx.tree.shares.name(settings.user))
      groups.set(job, group)
      if (holder) {
        group.parent = holder
        holder.children.add(group)
      } else tops.push({ group, parent: settings.parent })
      const { chunks = [], template } = frames ?? {}
      for (let from = 0; template && from < chunks.length; ) {
        const room = Math.min(from + FRAMES_AT_ONCE, from + STEP - (rows % STEP))
        const made = insertFrames(
          tx,
          { ...settings, ...OF_A_FRAME, parent: job.id },
          chunks.slice(from, room),
          template,
        )
        born(group, 0, true, made)
        from += made
        rows += made
        if (rows % STEP === 0) tx = yield
      }
    }
    if (++rows % STEP === 0 && !atOnce) tx = yield
  }
  deliver(tx, planned, tops, atOnce)
  return planned.filter((job) => !job.inside).map((job) => job.id)
}

const NEW_LEAF = { duration: 0, start_time: 0 }

/** What its group says once for all of them, a frame itself leaves out. */
const { needs_id, priority, url, memory, cores, gpus, max_workers, error_limit, start_after } = DEFAULTS
const OF_A_FRAME = { needs_id, priority, url, memory, cores, gpus, max_workers, error_limit, start_after }

/** Leaves, all of them ready or none, came to a group that no tree knows yet. */
function born(group: Group, needs: number, ready: boolean, count = 1): void {
  group.total += count
  if (ready) group.leaves.set(needs, (group.leaves.get(needs) ?? 0) + count)
}

/** Makes a job for each of these chunks, or for the first of them when commands are long; answers for how many. */
function insertFrames(tx: Tx, settings: Planned['settings'], chunks: readonly Chunk[], template: Template): number {
  const list: string[][] = []
  for (let i = 0, length = 0; i < chunks.length && length < LONGEST_LIST; i++) {
    const chunk = chunks[i] as Chunk
    const text = chunkText(chunk)
    const command = template.fill(chunk)
    length += command.length
    list.push([`${settings.title} ${text}`.trim(), command, text])
  }
  tx.rows.addFrames.run({ ...settings, state: 'WAITING', paused: 0, ready: 1, wake_at: 0, list: JSON.stringify(list) })
  return list.length
}

/** Puts all that was made where it belongs, and says what waits for what. */
function deliver(
  tx: Tx,
  planned: readonly Planned[],
  tops: readonly { group: Group; parent: number }[],
  inPlace: boolean,
): void {
  for (const { inside, settings, id, leaf } of planned) {
    if (inside) continue
    // It was there in the first turn, and may have gone meanwhile.
    const parent = groupAt(tx, settings.parent, 'parent')
    if (!inPlace) tx.rows.setParent.run({ id, parent: settings.parent, reset: leaf ? shownIn(parent) : 0 })
    if (!leaf) continue
    tx.tree.moveLeaf(null, leaf)
  }
  for (const { group, parent } of tops) tx.tree.graft(group, groupAt(tx, parent, 'parent'))
  const names = new Map(
    planned.flatMap((job) => (job.input.name === undefined ? [] : [[job.input.name, job.id] as const])),
  )
  for (const { id, input, field } of planned) {
    if (!input.dependencies?.length) continue
    const asked = input.dependencies.map((each) => byId(each, (name) => names.get(name) ?? refuseName(name, field)))
    try {
      setDependencies(tx, id, asked, field('dependencies'))
    } catch (error) {
      throw asWritten(error, planned)
    }
  }
}

/** What is refused was never made: it is told by what the request calls it, not by an id that nobody knows. */
function asWritten(error: unknown, planned: readonly Planned[]): unknown {
  if (!(error instanceof FarmError)) return error
  const made = new Map(planned.map(({ id, input }) => [id, input.name || input.title]))
  const text = error.message.replace(/\bjob (\d+)\b/gi, (words, id) => {
    if (!made.has(Number(id))) return words
    const name = made.get(Number(id))
    return `${words.slice(0, 'job'.length)} ${name ? `'${name.slice(0, 80)}'` : 'of this request'}`
  })
  return new FarmError(error.kind, text, error.field)
}

/** A dependency of a submission, with ids for names. */
function byId(dependency: Dependency<number | string>, idOf: (name: string) => number): Dependency {
  const id = (job: number | string) => (typeof job === 'number' ? job : idOf(job))
  return typeof dependency === 'object' ? { ...dependency, job: id(dependency.job) } : id(dependency)
}

function refuseName(name: string, field: (name: string) => string): never {
  throw invalid(
    field('dependencies'),
    `No job of this request has the name '${name}': give it to one as name, or write an id.`,
  )
}

function plan(tx: Tx, inputs: readonly NewJob[], field: (index: number, name: string) => string): Planned[] {
  const planned: Planned[] = []
  const names = new Set<string>()
  const stack = inputs.map((input, i) => ({
    input,
    inside: undefined as Planned | undefined,
    field: (name: string) => field(i, name),
    levels: 0,
  }))
  stack.reverse()
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { input, inside, field: at } = next
    const job: Planned = {
      input,
      inside,
      field: at,
      settings: settled(tx, input, at),
      paused: pausedIn(input) ?? false,
      frames: input.frames ? planFrames({ ...input, frames: input.frames }, at) : undefined,
      id: 0,
    }
    check(job, names)
    const levels = inside ? next.levels : groupsTo(groupAt(tx, job.settings.parent, at('parent')))
    refuseDeeper(levels, at(inside ? 'children' : 'parent'))
    planned.push(job)
    const children = (input.children ?? []).map((child, i) => ({
      input: child,
      inside: job,
      field: (name: string) => at(`children.${i}.${name}`),
      levels: levels + 1,
    }))
    stack.push(...children.reverse())
  }
  refuseTooMany(planned.map(({ input }) => input.dependencies))
  for (const { input, field: at } of planned)
    for (const each of input.dependencies ?? []) byId(each, (name) => (names.has(name) ? 0 : refuseName(name, at)))
  return planned
}

function settled(tx: Tx, input: NewJob, field: (name: string) => string) {
  revealIn(input, DEFAULTS, field)
  return { ...DEFAULTS, ...settingsOf(tx, input, field), frames: input.frames ?? '' }
}

function check({ input, inside, settings, frames, field }: Planned, names: Set<string>): void {
  if (inside && input.parent !== undefined)
    throw invalid(
      field('parent'),
      `parent is ${input.parent}: a job in children is in the one that holds it; leave parent out.`,
    )
  if (input.children && (settings.command !== '' || frames))
    throw invalid(field('children'), 'A job with a command holds no children: leave the one or the other out.')
  if (!frames && (input.chunk !== undefined || input.frame_order !== undefined)) {
    const name = input.chunk !== undefined ? 'chunk' : 'frame_order'
    throw invalid(field(name), `${name} says how frames are divided: give frames, or leave it out.`)
  }
  if (!frames) refuseOfLeaf(settings, field)
  if (input.name === undefined) return
  if (names.has(input.name)) throw invalid(field('name'), `Two jobs of this request have the name '${input.name}'.`)
  names.add(input.name)
}
