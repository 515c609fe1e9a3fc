/** The numbered affinities: 63 numbers, renaming, `#5`. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import type { Job, Worker } from '../../src/models.ts'
import { type TestServer, testServer } from '../support/server.ts'

let server: TestServer
beforeEach(async () => {
  server = await testServer()
})
afterEach(() => server.stop())

type Names = Record<string, string | null>
const set = (names: Names) => server.post('/api/affinities', names)
const table = async () => {
  const { body } = await server.get<Record<string, string>>('/api/affinities')
  return Object.fromEntries(Object.entries(body).filter(([, name]) => name !== ''))
}
const add = (affinity: string, parent = 0) => server.add({ command: 'x', affinity, parent })
const needs = async (id: number) => (await server.job(id)).affinity
const lines = async (name: string) =>
  (await server.get<Worker[]>('/api/workers')).body.find((worker) => worker.name === name)?.affinity
const worker = async (name: string, affinity: string) => {
  await server.pick(name)
  expect(await server.post('/api/workers', { [name]: { affinity } })).toMatchObject({ status: 200 })
}
const picks = async (name: string) => (await server.pick(name))?.job.id ?? null
/** A restart hears everybody anew: when that was is not what is compared. */
const everything = async () => {
  const workers = (await server.get<Worker[]>('/api/workers')).body.map(({ ping_time, ...worker }) => worker)
  return JSON.stringify([await table(), (await server.get<Job[]>('/api/jobs')).body, workers])
}

test('there are 63 numbers, and a new name takes the first that is free', async () => {
  const { body } = await server.get<Record<string, string>>('/api/affinities')
  expect(Object.keys(body)).toEqual(Array.from({ length: 63 }, (_, i) => String(i + 1)))
  await set({ 2: 'gpu', 63: 'last' })
  await add('zbrush, maya')
  await add('maya')
  expect(await table()).toEqual({ 1: 'maya', 2: 'gpu', 3: 'zbrush', 63: 'last' })
})

test('#5 is number 5 in a job and in a line, whatever it is called', async () => {
  await set({ 5: 'gpu' })
  const named = await add('#5')
  const empty = await add('#6,#5')
  expect([await needs(named), await needs(empty)]).toEqual(['gpu', '#6,gpu'])
  await worker('some', '#5')
  await worker('both', '#6,#5\n#5')
  expect([await lines('some'), await lines('both')]).toEqual(['gpu', '#6,gpu\ngpu'])
  expect([await picks('some'), await picks('some'), await picks('both')]).toEqual([named, named, empty])
})

test('a renamed affinity is renamed in every answer, and the pick goes by the new name', async () => {
  await set({ 1: 'linux', 2: 'gpu' })
  const group = await server.add({ title: 'group', affinity: 'linux' })
  const job = await add('gpu', group)
  await worker('renamed', 'gpu,linux')
  await worker('stale', 'other')
  await set({ 1: 'rocky' })
  expect([await needs(group), await needs(job), await lines('renamed')]).toEqual(['rocky', 'gpu', 'gpu,rocky'])
  expect((await server.get('/api/jobs/affinities/')).body).toEqual([{ affinity: 'gpu' }, { affinity: 'rocky' }])
  expect((await server.get<Job[]>('/api/jobs?affinity=rocky')).body.map(({ id }) => id)).toEqual([group])
  expect((await server.get<Job[]>('/api/jobs?affinity=linux')).body).toEqual([])
  // The old name is a new one now: who has it has nothing that the job needs.
  await server.post('/api/workers', { stale: { affinity: 'linux,gpu' } })
  expect(await picks('stale')).toBeNull()
  expect(await picks('renamed')).toBe(job)
})

test('a worker that waits for a job gets the one that its renamed line fits', async () => {
  await worker('node', 'rocky')
  await set({ 1: 'linux' })
  // Without a number, the name is free for another's.
  await server.post('/api/workers', { node: { affinity: 'rocky' } })
  await set({ 2: '' })
  const job = await add('linux')
  const waiting = server.pick('node', 4)
  expect(await set({ 1: 'rocky' })).toMatchObject({ status: 200 })
  // A renaming ends the wait: who asks again is answered by the new names.
  expect((await waiting)?.job.id ?? (await picks('node'))).toBe(job)
})

test('naming a number that was used without a name renames its #', async () => {
  const job = await add('#7')
  await worker('node', '#7')
  await set({ 7: 'houdini' })
  expect([await needs(job), await lines('node')]).toEqual(['houdini', 'houdini'])
  expect(await picks('node')).toBe(job)
})

test('two names can be swapped in one call, and three turned round', async () => {
  await set({ 1: 'a', 2: 'b', 3: 'c' })
  const jobs = [await add('a'), await add('b'), await add('a,c')]
  await worker('node', 'b\na,c')
  await set({ 1: 'b', 2: 'a' })
  expect(await Promise.all(jobs.map(needs))).toEqual(['b', 'a', 'b,c'])
  expect(await lines('node')).toBe('a\nb,c')
  expect([await picks('node')]).toEqual([jobs[1] as number])
  await set({ 1: 'c', 2: 'b', 3: 'a' })
  expect(await Promise.all(jobs.map(needs))).toEqual(['c', 'b', 'a,c'])
  expect(await table()).toEqual({ 1: 'c', 2: 'b', 3: 'a' })
})

test('a name that becomes another makes one of two', async () => {
  const jobs = [await add('a'), await add('b'), await add('a,b')]
  await worker('node', 'a,b')
  await set({ 1: '', 2: 'x' })
  await set({ 1: 'a' })
  await set({ 1: 'x', 2: '' })
  expect(await Promise.all(jobs.map(needs))).toEqual(['x', 'x', 'x'])
  expect(await lines('node')).toBe('x')
  expect([await picks('node')]).toEqual([jobs[0] as number])
})

test('names past 63 work everywhere, and have no number', async () => {
  await set(Object.fromEntries(Array.from({ length: 63 }, (_, i) => [i + 1, `name${i + 1}`])))
  const job = await add('extra')
  await worker('without', 'name1')
  await worker('with', 'extra')
  expect(Object.values(await table())).not.toContain('extra')
  expect([await needs(job), await lines('with')]).toEqual(['extra', 'extra'])
  expect([await picks('without'), await picks('with')]).toEqual([null, job])
})

test('the table can be handed back as it was answered, whatever names jobs have brought', async () => {
  await add(`#64,#0,#,#05,${'x'.repeat(300)}, *`)
  await add('Ünal, a b')
  const { body } = await server.get<Names>('/api/affinities')
  expect(await set(body)).toMatchObject({ status: 200 })
  expect(await table()).toEqual({ 1: 'a b', 2: 'Ünal' })
})

describe('is refused by its number, and nothing of the call is done:', () => {
  for (const [what, names, status, field] of [
    ['a name twice', { 1: 'rocky', 3: 'same', 4: 'same' }, 422, '4'],
    ['a name that another number has', { 1: 'rocky', 3: 'gpu' }, 422, '3'],
    ['a comma', { 1: 'rocky', 3: 'a,b' }, 422, '3'],
    ['a newline', { 1: 'rocky', 3: 'a\nb' }, 422, '3'],
    ['the star of a line', { 1: 'rocky', 3: '*' }, 422, '3'],
    ['what reads as a number', { 1: 'rocky', 3: '#9' }, 422, '3'],
    ['a name without end', { 1: 'rocky', 3: 'x'.repeat(256) }, 422, '3'],
    ['number 64', { 1: 'rocky', 64: 'a' }, 422, '64'],
    ['number 0', { 1: 'rocky', 0: 'a' }, 422, '0'],
    ['number 01', { 1: 'rocky', '01': 'a' }, 422, '01'],
    ['a name that is none', { 1: 'rocky', 3: 5 }, 422, '3'],
    ['a list', ['linux'], 422, 'body'],
  ] as const)
    test(what, async () => {
      await set({ 1: 'linux', 2: 'gpu' })
      await add('linux')
      await worker('node', 'linux')
      const before = await everything()
      expect(await server.post('/api/affinities', names)).toMatchObject({ status, body: { field } })
      expect(await everything()).toBe(before)
    })
})

test('a refused call changes nothing where others of the same moment go through', async () => {
  await set({ 1: 'linux', 2: 'gpu' })
  const job = await add('linux')
  await worker('node', 'gpu')
  const answers = await Promise.all([
    set({ 2: 'cuda' }),
    set({ 1: 'rocky', 3: 'cuda', 4: 'cuda' }),
    server.put('/api/jobs', { command: 'x', affinity: 'gpu' }),
    server.put('/api/jobs', { command: 'x', affinity: 'brandnew', parent: 99 }),
    server.put('/api/jobs', { command: 'x', affinity: 'linux,maya' }),
    set({ 1: 'rocky', 2: 'linux', 5: 'rocky' }),
  ])
  expect(answers.map(({ status }) => status)).toEqual([200, 422, 200, 422, 200, 422])
  expect(await needs(job)).toBe('linux')
  expect(await lines('node')).toBe('cuda')
  const names = await table()
  expect(names).toMatchObject({ 1: 'linux', 2: 'cuda' })
  expect(Object.values(names)).not.toContain('brandnew')
  expect(Object.values(names)).not.toContain('rocky')
})

test('names, needs and lines survive a restart, and are renamed after it as before', async () => {
  await set({ 1: 'linux', 2: 'gpu' })
  const group = await server.add({ title: 'group', affinity: 'linux' })
  const job = await add('gpu,#9', group)
  const merged = await add('linux,rocky')
  await worker('node', 'linux,gpu,#9')
  await set({ 3: '', 1: 'rocky' })
  const before = await everything()
  await server.restart()
  expect(await everything()).toBe(before)
  expect(await needs(merged)).toBe('rocky')
  await set({ 9: 'nuke', 1: 'alma' })
  expect([await needs(job), await needs(merged), await lines('node')]).toEqual(['gpu,nuke', 'alma', 'alma,gpu,nuke'])
  await server.restart()
  expect(await picks('node')).toBe(job)
  expect(await picks('node')).toBe(job)
})
