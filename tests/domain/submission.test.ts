import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Job, NewJob } from '../../src/models.ts'
import { expectTreeOfRows as expectTrueTree } from '../support/compare.ts'
import { type TestFarm, testFarm } from '../support/farm.ts'

const children = (farm: TestFarm, id: number): Job[] => [...farm.farm.listChildren(id)].flat()
const rows = (farm: TestFarm) => farm.db.sqlite.query<{ n: number }, []>('select count(*) as n from jobs').get()?.n

const refused = async (farm: TestFarm, submission: Promise<unknown>): Promise<string> => {
  const before = rows(farm)
  const message = await submission.then(
    () => {
      throw new Error('it was taken')
    },
    (error: { field?: string; message: string }) => `${error.field}: ${error.message}`,
  )
  expect(rows(farm)).toBe(before)
  expectTrueTree(farm)
  return message
}

test('frames become a group with a child for each chunk, in their order', async () => {
  await using farm = testFarm()
  const id = await farm.farm.addJob({
    title: 'shot', frames: '1-10', chunk: 4, frame_order: 'ends-first', command: 'r {start:04} {end}', priority: 7,
    affinity: 'GPU', retry: 3, timeout: 60, user: 'ann', dir: '/d', environment: 'A=1', url: 'http://x',
  }) // biome-ignore format: a table of properties
  const group = farm.farm.getJob(id)
  expect(group).toMatchObject({
    command: '',
    total: 3,
    state: 'WAITING',
    frames: '1-10',
    priority: 7,
    affinity: 'GPU',
    url: 'http://x',
  })
  const made = children(farm, id)
  expect(made.map((job) => [job.title, job.command, job.frames])).toEqual([
    ['shot 1-4', 'r 0001 4', '1-4'],
    ['shot 9-10', 'r 0009 10', '9-10'],
    ['shot 5-8', 'r 0005 8', '5-8'],
  ])
  for (const job of made)
    expect(job).toMatchObject({
      retry: 3,
      timeout: 60,
      user: 'ann',
      dir: '/d',
      environment: 'A=1',
      priority: 1000,
      affinity: '',
    })
  expectTrueTree(farm)
})

test('frames are picked as they were ordered, by a worker that has what the group needs', async () => {
  await using farm = testFarm()
  await farm.worker('gpu', 'GPU')
  await farm.worker('plain')
  await farm.farm.addJob({ frames: '1-5', frame_order: 'ends-first', command: 'r {frame}', affinity: 'GPU' })
  expect(await farm.pick('plain')).toBeNull()
  const frames: string[] = []
  for (let i = 0; i < 5; i++) {
    const assignment = await farm.pick('gpu')
    frames.push(assignment?.job.command ?? 'nothing')
    if (assignment) await farm.end({ run: assignment.run, name: 'gpu' })
  }
  expect(frames).toEqual(['r 1', 'r 5', 'r 3', 'r 2', 'r 4'])
})

test('a tree is made whole, with dependencies by name', async () => {
  await using farm = testFarm()
  const [top, after] = (await farm.farm.addJobs([
    {
      title: 'top', name: 'top', priority: 5,
      children: [
        { title: 'sim', name: 'sim', command: 'sim' },
        { title: 'render', dependencies: ['sim'], frames: '1-3', command: 'r {frame}' },
        { title: 'deep', children: [{ title: 'deeper', children: [{ title: 'leaf', command: 'x', paused: 1 }] }] },
      ],
    },
    { title: 'after', command: 'z', dependencies: ['top'] },
  ])) as [number, number] // biome-ignore format: a tree reads as one
  expect(children(farm, 0).map((job) => job.id)).toEqual([top, after])
  expect(farm.farm.getJob(top)).toMatchObject({ total: 5, state: 'WAITING', priority: 5 })
  expect(farm.farm.getJob(after)).toMatchObject({ state: 'PENDING', dependencies: [top] })
  const [sim, render] = children(farm, top)
  expect(render).toMatchObject({ state: 'PENDING', dependencies: [sim?.id], total: 3 })
  expectTrueTree(farm)
  await farm.farm.deleteJobs([top])
  expectTrueTree(farm)
  expect(farm.farm.getJob(after).state).toBe('WAITING')
})

test.each<[string, NewJob[], string]>([
  ['a name that nobody has', [{ command: 'a' }, { command: 'b', dependencies: ['x'] }], '1.dependencies'],
  ['a name twice', [{ command: 'a', name: 'n' }, { children: [{ command: 'b', name: 'n' }] }], '1.children.0.name'],
  ['children of a job with a command', [{ command: 'a', children: [{ command: 'b' }] }], '0.children'],
  ['a parent that a child names', [{ children: [{ command: 'a', parent: 1 }] }], '0.children.0.parent'],
  ['a parent that is not there', [{ command: 'a' }, { command: 'b', parent: 99 }], '1.parent'],
  [
    'a circle',
    [
      { command: 'a', name: 'a', dependencies: ['b'] },
      { command: 'b', name: 'b', dependencies: ['a'] },
    ],
    '1.dependencies',
  ],
  [
    'a child that waits for its group',
    [{ name: 'g', children: [{ command: 'a', dependencies: ['g'] }] }],
    '0.children.0.dependencies',
  ],
  ['a dependency that is not there', [{ command: 'a', dependencies: [99] }], '0.dependencies'],
  ['frames without a command', [{ command: 'ok' }, { frames: '1-3' }], '1.command'],
  ['a chunk without frames', [{ command: 'a', chunk: 2 }], '0.chunk'],
  [
    'a pattern that is none',
    [{ children: [{ command: 'a', progress_pattern: '(' }] }],
    '0.children.0.progress_pattern',
  ],
])('%s is refused, and nothing is made', async (_, jobs, field) => {
  await using farm = testFarm()
  await farm.leaf()
  expect(await refused(farm, farm.farm.addJobs(jobs))).toStartWith(`${field}: `)
})

test('what is refused is told by what the request calls it, not by ids that were never given', async () => {
  await using farm = testFarm()
  const there = await farm.leaf()
  const said = (jobs: NewJob[]) => refused(farm, farm.farm.addJobs(jobs))
  const circle = [
    { command: 'a', name: 'sim', dependencies: ['comp'] },
    { command: 'b', name: 'comp', dependencies: ['sim'] },
  ]
  expect(await said(circle)).toContain("Job 'comp' cannot depend on job 'sim': that waits for job 'comp' itself")
  const inside = [{ title: 'Shot', name: 'g', children: [{ title: 'beauty', command: 'a', dependencies: ['g'] }] }]
  expect(await said(inside)).toContain("Job 'beauty' cannot depend on job 'g'")
  const byFrame = { command: 'x', dependencies: [{ job: there, kind: 'frame' as const }] }
  expect(await said([byFrame])).toContain('Job of this request is not a group of frames')
})

test('many frames are made while others go on, and seen by nobody before they are all there', async () => {
  await using farm = testFarm()
  const seen: number[] = []
  let made = false
  const submission = farm.farm.addJob({ title: 'big', frames: '1-6000', command: 'r {frame}' }).then((id) => {
    made = true
    return id
  })
  while (!made) {
    await farm.leaf({ title: 'small' })
    if (!made) seen.push(children(farm, 0).filter((job) => job.title === 'big').length)
  }
  const id = await submission
  expect(seen.length).toBeGreaterThan(1)
  expect(seen.slice(0, -1).every((count) => count === 0)).toBe(true)
  expect(farm.farm.getJob(id)).toMatchObject({ total: 6000, parent: 0 })
  expectTrueTree(farm)
})

test('many frames that are refused at the end leave nothing', async () => {
  await using farm = testFarm()
  expect(
    await refused(farm, farm.farm.addJob({ frames: '1-4000', command: 'r {frame}', dependencies: [99_999] })),
  ).toContain('no job 99999')
})

test('many frames whose parent is deleted meanwhile leave nothing', async () => {
  await using farm = testFarm()
  const parent = await farm.group()
  const submission = farm.farm
    .addJob({ parent, frames: '1-40000', command: 'r {frame}' })
    .catch((error: Error) => error.message)
  await farm.leaf()
  await farm.farm.deleteJobs([parent])
  expect(await submission).toContain(`no job ${parent}`)
  expect(rows(farm)).toBe(1)
  expectTrueTree(farm)
})

test('what was being made when the server ended is seen by nobody after its start, and removed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'coalition-'))
  const path = join(folder, 'coalition.db')
  try {
    {
      await using farm = testFarm({ path })
      await farm.leaf()
      farm.db.sqlite.run("insert into jobs (id, parent, title) values (50, -1, 'half')")
      farm.db.sqlite.run("insert into jobs (parent, command, ready) values (50, 'r', 1), (50, 'r', 1), (-1, 'r', 1)")
    }
    await using farm = testFarm({ path })
    expect([children(farm, 0).length, await refused(farm, farm.farm.editJobs({ 50: {} }))]).toEqual([
      1,
      expect.anything(),
    ])
    await farm.workOff()
    expect(rows(farm)).toBe(1)
    expect(farm.farm.health().jobs).toMatchObject({ total: 1, ready: 1 })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
