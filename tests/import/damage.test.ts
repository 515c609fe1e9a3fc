/** Old databases hold what no server would make: years of half deletes, moves into leaves, circles. */
import { afterAll, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { openData } from '../../src/db/open.ts'
import { checkFarm } from '../../src/domain/check.ts'
import { createFarm, type Farm } from '../../src/farm.ts'
import type { Finding } from '../../src/import/findings.ts'
import { importFarm } from '../../src/import/import.ts'
import { openSource } from '../../src/import/open.ts'
import { expectCounted, expectOneTree } from './recount.ts'
import { createOldSqlite, type OldRows, scratch } from './support.ts'

const { fresh, remove } = scratch('import-damage')
afterAll(remove)

interface Imported extends AsyncDisposable {
  farm: Farm
  findings: Finding[]
  /** The examples of one kind. */
  noted(kind: Finding['kind']): string[]
  states(...ids: number[]): string[]
}

/** Imports, checks all that must hold of any farm, and opens it as the server does. */
async function imported(rows: OldRows): Promise<Imported> {
  const source = await openSource(createOldSqlite(fresh('.db'), rows))
  const data = fresh()
  const { findings } = await importFarm({ source, data })
  await source.close()
  const made = openData(data)
  const farm = createFarm(made.db, { logs: made.logs })
  expectOneTree(made.db)
  expectCounted(made.db)
  expect(checkFarm(made.db.sqlite)).toEqual([])
  return {
    farm,
    findings,
    noted: (kind) => findings.find((each) => each.kind === kind)?.examples ?? [],
    states: (...ids) => ids.map((id) => farm.getJob(id).state),
    async [Symbol.asyncDispose]() {
      await farm.stop()
      made.close()
    },
  }
}

const waits = (...pairs: [number, number][]) => pairs.map(([job_id, dependency]) => ({ job_id, dependency }))

describe('hierarchy', () => {
  test('a job whose group is gone is put into a paused group, with a new id', async () => {
    await using old = await imported({
      Jobs: [
        { id: 5, parent: 3, title: 'orphan', command: 'x' },
        { id: 6, parent: -1, title: 'group', command: '' },
        { id: 7, parent: 6, title: 'below', command: 'x' },
      ],
      Events: [{ id: 1, worker: 'w', job_id: 50, job_title: '', state: 'FINISHED', start: 1, duration: 1 }],
    })
    expect(old.noted('orphan')).toEqual(['job 5 was in job 3', 'job 6 was in job -1'])
    expect(old.farm.getJob(51)).toMatchObject({ title: 'Lost and found', state: 'PAUSED', parent: 0, total: 2 })
    expect([5, 6, 7].map((id) => old.farm.getJob(id).parent)).toEqual([51, 51, 6])
    expect(await old.farm.pick('w', {}, new AbortController().signal)).toBeNull()
    expect(await old.farm.addJob({ command: 'x' })).toBe(52)
  })

  test('a job with a command that holds others is a group without it, and what is below stays below', async () => {
    await using old = await imported({
      Jobs: [
        { id: 1, title: 'both', command: 'rm -rf /tmp/x', state: 'FINISHED', total: 2, finished: 1, total_finished: 1 },
        { id: 2, parent: 1, command: 'a', state: 'FINISHED', start_time: 5, duration: 7 },
        { id: 3, parent: 1, command: 'b' },
      ],
    })
    expect(old.noted('command')).toEqual(['job 1: rm -rf /tmp/x'])
    expect(old.farm.getJob(1)).toMatchObject({ command: '', state: 'WAITING', total: 2, progress: 0.5, duration: 7 })
    expect(old.noted('counters')).toEqual([])
  })

  test('groups below themselves are taken apart at the oldest of them', async () => {
    await using old = await imported({
      Jobs: [
        { id: 1, parent: 3, command: '' },
        { id: 2, parent: 1, command: '' },
        { id: 3, parent: 2, command: '' },
        { id: 4, parent: 3, command: 'x' },
        { id: 5, parent: 5, command: '' },
        { id: 6, parent: 1, command: '' },
      ],
    })
    expect(old.noted('loop')).toEqual([
      'job 1 was in job 3, which is below it',
      'job 5 was in job 5, which is below it',
    ])
    expect([1, 2, 3, 4, 5, 6].map((id) => old.farm.getJob(id).parent)).toEqual([7, 1, 2, 3, 7, 1])
    expect(old.farm.getJob(7)).toMatchObject({ title: 'Lost and found', state: 'PAUSED', total: 1 })
  })

  test('an orphan in a loop of leaves is no trouble', async () => {
    await using old = await imported({
      Jobs: [
        { id: 1, parent: 2, command: 'x' },
        { id: 2, parent: 1, command: 'y' },
      ],
    })
    expect(old.findings.map(({ kind }) => kind)).toEqual(['loop', 'command'])
  })
})

describe('dependencies', () => {
  test('on jobs that are gone, or of them, hold nothing back', async () => {
    await using old = await imported({
      Jobs: [
        { id: 1, command: 'x', state: 'PENDING' },
        { id: 2, command: 'x', state: 'PENDING' },
      ],
      Dependencies: [...waits([1, 99], [99, 1], [2, 1], [2, 1]), { job_id: 1, dependency: null }],
    })
    expect(old.noted('gone')).toEqual(['job 1 waited for job 0', 'job 1 waited for job 99', 'job 99 waited for job 1'])
    expect(old.states(1, 2)).toEqual(['WAITING', 'PENDING'])
    expect(old.farm.getJob(2).dependencies).toEqual([1])
  })

  test('that close a circle are dropped, one for each circle', async () => {
    await using old = await imported({
      Jobs: [1, 2, 3, 4, 5].map((id) => ({ id, command: 'x', state: 'PENDING' })),
      Dependencies: waits([1, 2], [2, 3], [3, 1], [4, 4], [5, 1]),
    })
    expect(old.noted('circle')).toEqual(['job 3 waited for job 1', 'job 4 waited for job 4'])
    expect(old.states(1, 2, 3, 4, 5)).toEqual(['PENDING', 'PENDING', 'WAITING', 'WAITING', 'PENDING'])
  })

  test('are dropped too where the circle goes through groups', async () => {
    await using old = await imported({
      Jobs: [
        { id: 1, command: '' },
        { id: 2, parent: 1, command: 'x' },
        { id: 3, command: '' },
        { id: 4, parent: 3, command: 'x' },
        { id: 5, parent: 3, command: '' },
      ],
      // 2 waits for what it is in, 3 for what is below it, 1 and 3 for each other through a leaf.
      Dependencies: waits([2, 1], [3, 5], [1, 3], [4, 1]),
    })
    expect(old.noted('circle').toSorted()).toEqual([
      'job 2 waited for job 1',
      'job 3 waited for job 5',
      'job 4 waited for job 1',
    ])
    expect(old.farm.getJob(1).dependencies).toEqual([3])
  })

  test('hold by the group that is counted, not by the state that was written', async () => {
    await using old = await imported({
      Jobs: [
        { id: 1, command: '', state: 'FINISHED', total: 1 },
        { id: 2, parent: 1, command: 'x', state: 'WAITING' },
        { id: 3, command: 'x', state: 'WAITING' },
        { id: 4, command: '', state: 'WAITING' },
        { id: 5, parent: 4, command: 'x', state: 'FINISHED' },
        { id: 6, command: 'x', state: 'PENDING' },
      ],
      Dependencies: waits([3, 1], [6, 4]),
    })
    expect(old.states(1, 3, 4, 6)).toEqual(['WAITING', 'PENDING', 'FINISHED', 'WAITING'])
    expect(old.noted('counters')).toEqual([
      'job 4: finished 0, counted 1; total 0, counted 1; total_finished 0, counted 1',
    ])
  })
})

test('counters of years are compared, and an empty group counts as Coalition 4 counted it', async () => {
  await using old = await imported({
    Jobs: [
      { id: 1, command: '', total: 2, working: 1, total_working: 1 },
      { id: 2, parent: 1, command: '', state: 'WAITING' },
      { id: 3, parent: 1, command: 'x', state: 'WORKING' },
      { id: 4, command: '', total: 7, errors: 1, total_errors: 1 },
      { id: 5, command: 'leaf', total: 3 },
    ],
  })
  expect(old.noted('counters')).toEqual([
    'job 4: errors 1, counted 0; total 7, counted 0; total_errors 1, counted 0',
    'job 5: total 3, counted 0',
  ])
  expect(old.farm.getJob(1)).toMatchObject({ total: 1, working: 0, state: 'WAITING' })
})

test('what cannot be used is left out by name, and the rest arrives', async () => {
  await using old = await imported({
    Affinities: [
      { id: 1, name: ' linux ' },
      { id: 2, name: 'linux' },
      { id: 3, name: 'a,b' },
      { id: 4, name: '*' },
      { id: 64, name: 'past the end' },
      { id: null, name: 'nothing' },
    ],
    Jobs: [
      { id: -3, command: 'x' },
      { id: 1, command: 'x', state: 'STRANGE', affinity_bits: 15, priority: -5, timeout: -1, progress: 7 },
      { id: 2, command: 'x', state: null, title: null, progress_pattern: '(?!x)%percent', environment: null },
      { id: 3, command: 'x', state: 'ERROR', start_time: 0, duration: 1_700_000_000, progress: 0.4 },
    ],
    Workers: [
      { name: '', state: 'WAITING' },
      { name: 'a\nb', state: 'WAITING' },
      { name: 'fine', state: 'STRANGE', cpu: '__import__' },
    ],
  })
  expect(old.farm.listAffinities()).toMatchObject({ 1: 'linux', 2: '', 3: '', 4: '' })
  expect(old.farm.getJob(1)).toMatchObject({ affinity: '#3,#4,linux', state: 'WAITING', priority: -5, timeout: 0 })
  expect(old.farm.getJob(2)).toMatchObject({ title: '', environment: '', progress_pattern: '', state: 'WAITING' })
  // A reset of Coalition 4 left the duration of the run before it.
  expect(old.farm.getJob(3)).toMatchObject({ state: 'ERROR', duration: 0, progress: 0 })
  expect(old.farm.listWorkers().map(({ name, cpu, state }) => [name, cpu, state])).toEqual([['fine', '[]', 'WAITING']])
  expect(Object.fromEntries(old.findings.map(({ kind, count }) => [kind, count]))).toEqual({
    ...{ id: 1, state: 2, pattern: 1, affinity: 3, worker: 2 },
  })
})

const someJobs = fc.integer({ min: 1, max: 14 }).chain((size) =>
  fc.record({
    Jobs: fc.tuple(
      ...Array.from({ length: size }, (_, i) =>
        fc.record({
          id: fc.constant(i + 1),
          parent: fc.oneof({ weight: 6, arbitrary: fc.integer({ min: 0, max: size + 1 }) }, fc.constant(0)),
          command: fc.constantFrom('', '', 'x'),
          state: fc.constantFrom('WAITING', 'PENDING', 'WORKING', 'FINISHED', 'FINISHED', 'ERROR', 'PAUSED'),
          paused: fc.constantFrom(0, 0, 0, 1),
          duration: fc.nat(100),
          start_time: fc.nat(100),
          affinity_bits: fc.constantFrom(0, 1, 5),
        }),
      ),
    ),
    Dependencies: fc.array(
      fc.record({
        job_id: fc.integer({ min: 1, max: size + 1 }),
        dependency: fc.integer({ min: 1, max: size + 1 }),
      }),
      { maxLength: 24 },
    ),
  }),
)

test('whatever the database holds, the farm is whole, and every dependency is one that its server takes', async () => {
  await fc.assert(
    fc.asyncProperty(someJobs, async (rows) => {
      await using old = await imported(rows as OldRows)
      const { farm } = old
      const jobs = rows.Jobs.map(({ id }) => id)
      for (const id of jobs) {
        const { dependencies } = farm.getJob(id)
        if (dependencies.length === 0) continue
        await farm.setDependencies(id, [])
        await farm.setDependencies(id, dependencies)
      }
      // All that can run runs: what is left must wait for a group that holds nothing to finish, not for itself.
      for (const id of jobs) if (farm.getJob(id).parent > jobs.length) await farm.editJobs({ [id]: { parent: 0 } })
      await farm.resetJobs(jobs)
      const never = new AbortController().signal
      const pick = () => farm.pick('w', {}, never)
      const first = await pick()
      await farm.editWorkers({ w: { affinity: '#1,#3' } })
      for (let run = first ?? (await pick()); run; run = await pick())
        await farm.endRun(run.run, 0, { worker: 'w', vitals: {} })
      const all = jobs.map((id) => farm.getJob(id))
      const hopeless = all.some(({ dependencies }) =>
        dependencies.map((id) => farm.getJob(id)).some((each) => each.command === '' && each.total === 0),
      )
      const left = all.filter(({ command, state }) => command !== '' && state !== 'FINISHED')
      if (!hopeless) expect(left).toEqual([])
    }),
    { numRuns: 40 },
  )
}, 60_000)
