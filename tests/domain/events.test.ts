/** What ran in a time: found by where it is in the history, however long before it began. */
import { expect, test } from 'bun:test'
import { type TestFarm, testFarm } from '../support/farm.ts'

const HOUR = 3600

/** Runs by the hours in which they began and ended; null: it still runs. In the order in which they began. */
const RUNS: [from: number, to: number | null][] = [
  [0, 1],
  [0.5, 9],
  [1, null],
  [4, 4.2],
  [5, 5.4],
  [5.3, 8],
  [7, 7.1],
]

async function history(farm: TestFarm): Promise<{ begin: number; runs: number[] }> {
  const begin = farm.clock.now
  const runs: { run: number; name: string }[] = []
  for (const _ of RUNS) await farm.leaf()
  const moments = RUNS.flatMap(([from, to], i) => [
    { at: from, i, ends: false },
    ...(to === null ? [] : [{ at: to, i, ends: true }]),
  ]).sort((a, b) => a.at - b.at)
  for (const { at, i, ends } of moments) {
    farm.clock.advance(begin + at * HOUR - farm.clock.now)
    const run = runs[i]
    if (ends && run) await farm.end(run)
    else runs[i] = await farm.begin(`worker-${i}`)
  }
  return { begin, runs: runs.map(({ run }) => run) }
}

test('what ran in a time is listed with what began long before it, in pages, both ways', async () => {
  await using farm = testFarm()
  const { begin, runs } = await history(farm)
  const ran = (from: number, to: number, paging = {}) =>
    [...farm.farm.listEvents({ ended_since: begin + from * HOUR, until: begin + to * HOUR }, paging)]
      .flat()
      .map(({ id }) => runs.indexOf(id))
  for (const [from, to] of [
    [0.2, 0.4],
    [1.1, 3],
    [4.1, 4.3],
    [5.1, 5.2],
    [6, 6.5],
    [7.05, 8.5],
    [9.1, 10],
  ] as const) {
    const wanted = RUNS.flatMap(([began, ended], i) => (began <= to && (ended ?? 99) >= from ? [i] : []))
    expect({ from, to, ran: ran(from, to) }).toEqual({ from, to, ran: wanted })
    expect(ran(from, to, { descending: true })).toEqual(wanted.toReversed())
  }
  expect(ran(5.1, 5.35)).toEqual([1, 2, 4, 5])
  expect(ran(5.1, 5.35, { limit: 3 })).toEqual([1, 2, 4])
  expect(ran(5.1, 5.35, { limit: 3, descending: true })).toEqual([5, 4, 2])
  expect(ran(5.1, 5.35, { limit: 2, after: runs[2] })).toEqual([4, 5])
  expect(ran(5.1, 5.35, { after: runs[4], descending: true })).toEqual([2, 1])
})

test('it is found by indexes: no part of it reads the history', async () => {
  await using farm = testFarm()
  const { sqlite } = farm.db
  const asked: string[] = []
  const { prepare } = sqlite
  sqlite.prepare = ((text: string) => {
    asked.push(text)
    return prepare.call(sqlite, text)
  }) as typeof prepare
  for (const descending of [false, true])
    for (const _ of farm.farm.listEvents({ ended_since: 1_000_000, until: 2_000_000 }, { limit: 10, descending }));
  sqlite.prepare = prepare
  expect(asked.length).toBeGreaterThan(3)
  const plans = asked.flatMap((text) =>
    sqlite
      .query<{ detail: string }, number[]>(`explain query plan ${text}`)
      .all(...(text.match(/\?/g) ?? []).map(() => 1))
      .map(({ detail }) => detail),
  )
  expect(plans.join('\n')).toContain('events_long')
  // Of the index, which has what runs and nothing else.
  expect(plans.filter((detail) => detail.startsWith('SCAN') && !detail.includes('events_open'))).toEqual([])
})
