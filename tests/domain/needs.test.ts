import { expect, test } from 'bun:test'
import { openDatabase } from '../../src/db/open.ts'
import { NeedSets, NOTHING, namesOf } from '../../src/domain/needs.ts'
import { testFarm } from '../support/farm.ts'

const freshSets = () => new NeedSets(openDatabase(':memory:'))

test.each([
  ['', []],
  [' , ,', []],
  ['linux', ['linux']],
  [' maya ,linux,maya', ['linux', 'maya']],
  ['Linux,linux', ['Linux', 'linux']],
  ['two words,é', ['two words', 'é']],
])('the names in %p are %p', (text, names) => {
  expect(namesOf(text)).toEqual(names)
})

test('equal sets have equal ids, and no names is 0', () => {
  const sets = freshSets()
  expect(sets.intern({})).toBe(NOTHING)
  const ab = sets.intern({ affinity: ['a', 'b'] })
  expect(sets.intern({ affinity: namesOf('b, a') })).toBe(ab)
  expect(sets.intern({ affinity: ['a'] })).not.toBe(ab)
  expect(sets.text(ab)).toBe('a,b')
})

test('a union is the same set, however it comes about', () => {
  const sets = freshSets()
  const [a, b, c] = ['a', 'b', 'c'].map((name) => sets.intern({ affinity: [name] })) as [number, number, number]
  const abc = sets.intern({ affinity: ['a', 'b', 'c'] })
  expect(sets.union(sets.union(a, b), c)).toBe(abc)
  expect(sets.union(c, sets.union(b, a))).toBe(abc)
  expect(sets.union(abc, b)).toBe(abc)
  expect(sets.union(a, NOTHING)).toBe(a)
  expect(sets.union(NOTHING, a)).toBe(a)
  expect(sets.union(a, a)).toBe(a)
})

test('only sets that a job has are written, and they have the same ids after a restart', () => {
  const db = openDatabase(':memory:')
  const sets = new NeedSets(db)
  const a = sets.intern({ affinity: ['a'] })
  const b = sets.intern({ affinity: ['b'] })
  sets.union(a, b)
  const c = sets.intern({ affinity: ['c'] })
  sets.save()
  sets.saved()
  const again = new NeedSets(db)
  expect([a, b, c].map((id) => again.text(id))).toEqual(['a', 'b', 'c'])
  expect(again.intern({ affinity: ['b'] })).toBe(b)
  const fresh = again.intern({ affinity: ['d'] })
  expect([a, b, c, NOTHING]).not.toContain(fresh)
  expect(again.having(['c'])).toEqual([c])
})

test('a renaming that is taken back leaves every set, old and new, as it was', () => {
  const sets = freshSets()
  const a = sets.intern({ affinity: ['a'] })
  const b = sets.intern({ affinity: ['b'] })
  const ab = sets.union(a, b)
  const undo = sets.rename(new Map([['a', 'x']]))
  expect([sets.text(a), sets.text(ab)]).toEqual(['x', 'b,x'])
  const since = sets.intern({ affinity: ['new'] })
  const union = sets.union(a, since)
  undo()
  expect([a, b, ab, since].map((id) => sets.text(id))).toEqual(['a', 'b', 'a,b', 'new'])
  expect(sets.union(a, b)).toBe(ab)
  expect(sets.text(sets.union(a, since))).toBe('a,new')
  expect(sets.text(sets.intern({ affinity: ['other'] }))).toBe('other')
  expect(sets.text(union)).not.toBe('other')
})

test('renaming an affinity renames it on jobs and workers, and picks go on as before', async () => {
  await using farm = testFarm()
  await farm.worker('w1', 'linux')
  const group = await farm.group({ affinity: 'linux' })
  const job = await farm.leaf({ parent: group, affinity: 'maya' })
  await farm.farm.setAffinities({ 1: 'rocky' })
  expect(farm.job(group).affinity).toBe('rocky')
  expect(farm.workerNamed('w1').affinity).toBe('rocky')
  expect(await farm.pick('w1')).toBeNull()
  await farm.farm.editWorkers({ w1: { affinity: 'maya,rocky' } })
  expect(await farm.picked('w1')).toBe(job)
})
