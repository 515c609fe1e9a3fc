import { expect, test } from 'bun:test'
import { dump } from '../support/compare.ts'
import { refusal, testFarm } from '../support/farm.ts'

test('a job has the defaults of the document, and what was said', async () => {
  await using farm = testFarm()
  const bare = await farm.leaf()
  expect(farm.job(bare)).toMatchObject({
    id: 1, parent: 0, dir: '.', environment: '', state: 'WAITING', worker: '', retry: 0, timeout: 0, priority: 1000,
    affinity: '', start_time: 0, ping_time: 0, duration: 0, run_done: 0, progress: 0, paused: 0, dependencies: [],
  }) // biome-ignore format: the defaults
  const said = await farm.leaf({ priority: -5, affinity: ' maya ,linux,,maya', paused: true })
  expect(farm.job(said)).toMatchObject({ id: 2, priority: -5, affinity: 'linux,maya', paused: 1, state: 'PAUSED' })
})

test('ids are never used again', async () => {
  await using farm = testFarm()
  await farm.leaf()
  const last = await farm.leaf()
  await farm.farm.deleteJobs([last])
  expect(await farm.leaf()).toBe(last + 1)
})

test('a job with a command holds no children', async () => {
  await using farm = testFarm()
  const leaf = await farm.leaf()
  expect(await refusal(farm.leaf({ parent: leaf }))).toMatchObject({ kind: 'invalid', field: 'parent' })
  expect(await refusal(farm.leaf({ parent: 99 }))).toMatchObject({ kind: 'invalid', field: 'parent' })
})

test('an error that is retried waits again, until there are more runs than retries', async () => {
  await using farm = testFarm()
  const job = await farm.leaf({ retry: 2 })
  for (const [run, state] of [
    [1, 'WAITING'],
    [2, 'WAITING'],
    [3, 'ERROR'],
  ] as const) {
    await farm.runOnce(1)
    expect(farm.job(job)).toMatchObject({ run_done: run, state })
  }
  expect(await farm.pick()).toBeNull()
  expect(farm.workerNamed('worker-1')).toMatchObject({ error: 3, finished: 0 })
})

test('an end counts once, and only from the worker that holds the run', async () => {
  await using farm = testFarm()
  const job = await farm.leaf()
  const run = await farm.begin('w1')
  expect(await farm.end({ ...run, name: 'w2' }, 1)).toMatchObject({ state: 'WORKING' })
  expect(farm.state(job)).toBe('WORKING')
  expect(await farm.end(run, 0)).toMatchObject({ state: 'FINISHED' })
  expect(await farm.end(run, 1)).toMatchObject({ state: 'FINISHED' })
  expect(farm.job(job)).toMatchObject({ state: 'FINISHED', run_done: 1, progress: 1 })
  expect(farm.heartbeat(run).go_on).toBe(false)
  expect(await refusal(farm.end({ run: 77, name: 'w1' }))).toMatchObject({ kind: 'not_found' })
})

test('two ends of one run that arrive together count once', async () => {
  await using farm = testFarm()
  const job = await farm.leaf()
  const run = await farm.begin('w1')
  const answers = await Promise.all([farm.end(run, 0), farm.end(run, 1)])
  expect(answers.map((answer) => answer.state)).toEqual(['FINISHED', 'FINISHED'])
  expect(farm.job(job).run_done).toBe(1)
  expect(farm.workerNamed('w1')).toMatchObject({ finished: 1, error: 0 })
})

test('the duration of a group is the sum over its children, also while they run', async () => {
  await using farm = testFarm()
  const { film, shot } = await farm.tree({ film: { shot: { a: 'x', b: 'y' } } })
  const a = await farm.begin('w1')
  farm.clock.advance(10)
  await farm.end(a)
  await farm.begin('w2')
  farm.clock.advance(7)
  expect(farm.job(shot)).toMatchObject({ duration: 17, working: 1, finished: 1, progress: 0.5 })
  expect(farm.job(film)).toMatchObject({ duration: 17, working: 0, total_working: 1, total: 2 })
})

test('a paused group holds back its children, and stops and gives back what runs', async () => {
  await using farm = testFarm()
  const { film, shot, a } = await farm.tree({ film: { shot: { a: 'x', b: 'y' } } })
  const run = await farm.begin()
  await farm.farm.pauseJobs([film])
  expect([film, shot, a].map((id) => farm.state(id))).toEqual(['PAUSED', 'WAITING', 'WAITING'])
  expect(farm.heartbeat(run).go_on).toBe(false)
  expect(farm.workerNamed('worker-1')).toMatchObject({ state: 'WAITING', current_event: 0, finished: 0, error: 0 })
  expect(farm.events(a)).toMatchObject([{ state: 'STOPPED' }])
  expect(await farm.pick()).toBeNull()
  await farm.farm.startJobs([film])
  expect(await farm.picked()).toBe(a)
})

test('a paused job that is started waits, whatever it was before', async () => {
  await using farm = testFarm()
  const job = await farm.leaf()
  await farm.runOnce(1)
  await farm.farm.pauseJobs([job])
  expect(farm.job(job)).toMatchObject({ state: 'PAUSED', paused: 1 })
  await farm.farm.startJobs([job])
  expect(farm.job(job)).toMatchObject({ state: 'WAITING', paused: 0, run_done: 1 })
})

test('starting a group leaves the states of its children', async () => {
  await using farm = testFarm()
  const { group, done, held } = await farm.tree({ group: { done: 'x', held: 'y' } })
  await farm.runOnce()
  await farm.farm.pauseJobs([group, held])
  await farm.farm.startJobs([group])
  expect([group, done, held].map((id) => farm.state(id))).toEqual(['WAITING', 'FINISHED', 'PAUSED'])
})

test('reset makes the job and all below it as if just made, and stops what runs', async () => {
  await using farm = testFarm()
  const { film, shot, a, b, c } = await farm.tree({ film: { shot: { a: 'x', b: 'y' }, c: 'z' } })
  await farm.runOnce(0)
  await farm.runOnce(1)
  const run = await farm.begin()
  expect(run.job).toBe(c)
  await farm.farm.pauseJobs([shot])
  await farm.farm.resetJobs([film])
  const fresh = { state: 'WAITING', paused: 0, start_time: 0, duration: 0, run_done: 0, progress: 0, ping_time: 0 }
  for (const id of [film, shot, a, b, c]) expect(farm.job(id)).toMatchObject(fresh)
  expect(farm.job(film)).toMatchObject({ total: 3, total_finished: 0, total_errors: 0, total_working: 0 })
  expect(farm.heartbeat(run).go_on).toBe(false)
})

test('reset errors touches nothing but leaves in ERROR', async () => {
  await using farm = testFarm()
  const { film, good, bad } = await farm.tree({ film: { bad: 'x', shot: { good: 'y' } } })
  await farm.runOnce(1)
  await farm.runOnce(0)
  await farm.farm.resetErrorJobs([film])
  expect(farm.job(bad)).toMatchObject({ state: 'WAITING', run_done: 0 })
  expect(farm.job(good)).toMatchObject({ state: 'FINISHED', run_done: 1 })
  await farm.farm.resetErrorJobs([good])
  expect(farm.state(good)).toBe('FINISHED')
})

test('deleting takes all below and their dependencies along, stops what runs, and leaves the events', async () => {
  await using farm = testFarm()
  const { film, a, waits } = await farm.tree({ film: { a: 'x' }, waits: 'y' })
  await farm.farm.setDependencies(waits, [a])
  const run = await farm.begin()
  expect(farm.state(waits)).toBe('PENDING')
  await farm.farm.deleteJobs([film])
  expect(await refusal(Promise.resolve().then(() => farm.job(a)))).toMatchObject({ kind: 'not_found' })
  expect(farm.job(waits)).toMatchObject({ state: 'WAITING', dependencies: [] })
  expect(farm.heartbeat(run).go_on).toBe(false)
  expect(farm.events()).toMatchObject([{ job_id: a, job_title: 'a', state: 'STOPPED' }])
  expect(farm.farm.core.tree.size).toBe(0)
})

test('a deletion may name a job and its group, in either order', async () => {
  await using farm = testFarm()
  const { film, a } = await farm.tree({ film: { a: 'x' } })
  const other = await farm.tree({ film: { a: 'x' } })
  await farm.farm.deleteJobs([film, a, other.a, other.film])
  expect([...farm.farm.listChildren(0)].flat()).toEqual([])
})

test.each(['startJobs', 'pauseJobs', 'resetJobs', 'resetErrorJobs', 'deleteJobs'] as const)(
  '%s on a list with an id that is not there changes nothing',
  async (operation) => {
    await using farm = testFarm()
    const { film, a } = await farm.tree({ film: { a: 'x', b: 'y' } })
    await farm.runOnce(1)
    const before = dump(farm)
    expect(await refusal(farm.farm[operation]([film, a, 99]))).toMatchObject({ kind: 'not_found', field: '2' })
    expect(dump(farm)).toBe(before)
  },
)

test('edits of many jobs happen wholly or not at all', async () => {
  await using farm = testFarm()
  const { film, a, b } = await farm.tree({ film: { a: 'x', b: 'y' } })
  const before = dump(farm)
  const edits = { [a]: { priority: 7, affinity: 'new' }, [b]: { parent: b } }
  expect(await refusal(farm.farm.editJobs(edits))).toMatchObject({ kind: 'invalid', field: `${b}.parent` })
  expect(await refusal(farm.farm.editJobs({ [a]: { paused: 1 }, 99: {} }))).toMatchObject({ kind: 'not_found' })
  expect(await refusal(farm.farm.editJobs({ [film]: { command: 'x' } }))).toMatchObject({ field: `${film}.command` })
  expect(dump(farm)).toBe(before)
})

test('a group cannot be moved below itself, a leaf not into a leaf', async () => {
  await using farm = testFarm()
  const { film, shot, leaf } = await farm.tree({ film: { shot: { take: {} } }, leaf: 'x' })
  for (const parent of [film, shot])
    expect(await refusal(farm.farm.editJobs({ [film]: { parent } }))).toMatchObject({ field: `${film}.parent` })
  expect(await refusal(farm.farm.editJobs({ [shot]: { parent: leaf } }))).toMatchObject({ kind: 'invalid' })
})

test('a job that was moved counts where it is now', async () => {
  await using farm = testFarm()
  const { a, b, x } = await farm.tree({ a: { x: 'x' }, b: {} })
  await farm.runOnce(1)
  await farm.farm.editJobs({ [x]: { parent: b } })
  expect(farm.job(a)).toMatchObject({ state: 'WAITING', total: 0, errors: 0 })
  expect(farm.job(b)).toMatchObject({ state: 'ERROR', total: 1, errors: 1 })
})

test('a job that runs and is moved below a paused group is stopped', async () => {
  await using farm = testFarm()
  const { held, x } = await farm.tree({ held: { inner: {} }, x: 'x' })
  await farm.farm.pauseJobs([held])
  const run = await farm.begin()
  await farm.farm.editJobs({ [x]: { parent: held } })
  expect(farm.state(x)).toBe('WAITING')
  expect(farm.heartbeat(run).go_on).toBe(false)
})

test('an empty group becomes a leaf when it gets a command, and a leaf a group when it loses its own', async () => {
  await using farm = testFarm()
  const { group, leaf } = await farm.tree({ group: {}, leaf: 'x' })
  await farm.runOnce()
  await farm.farm.editJobs({ [group]: { command: 'render' }, [leaf]: { command: '' } })
  expect(await farm.picked()).toBe(group)
  expect(farm.job(leaf)).toMatchObject({ state: 'WAITING', run_done: 0, total: 0 })
  expect(await farm.leaf({ parent: leaf })).toBe(3)
  expect(await refusal(farm.farm.editJobs({ [group]: { command: '' } }))).toMatchObject({ field: `${group}.command` })
})

test('frames do not change: whoever edits them is told so, and nothing is changed', async () => {
  await using farm = testFarm()
  const film = await farm.farm.addJob({ title: 'Film', frames: '1-3', command: 'render {frame}' })
  const plain = await farm.leaf()
  const edits = { [plain]: { title: 'other' }, [film]: { frames: '1-10' } }
  expect(await refusal(farm.farm.editJobs(edits))).toMatchObject({
    kind: 'invalid',
    field: `${film}.frames`,
    message: expect.stringContaining('are 1-3, and that stays'),
  })
  expect(await refusal(farm.farm.editJobs({ [plain]: { frames: '5' } }))).toMatchObject({ field: `${plain}.frames` })
  expect(farm.job(plain).title).not.toBe('other')
  await farm.farm.editJobs({ [film]: { frames: '1-3', title: 'Film 2' } })
  expect(farm.job(film)).toMatchObject({ frames: '1-3', title: 'Film 2' })
})

test('a job handed back as it was read changes nothing', async () => {
  await using farm = testFarm()
  const { film, a } = await farm.tree({ film: { a: 'x', b: 'y' } })
  await farm.farm.setDependencies(a, [await farm.leaf({ affinity: 'maya', timeout: 5 })])
  await farm.begin('w1')
  await farm.farm.pauseJobs([a])
  const before = dump(farm)
  const whole = [film, a, 3].map((id) => [id, { ...farm.job(id), paused: Boolean(farm.job(id).paused) }] as const)
  await farm.farm.editJobs(Object.fromEntries(whole))
  expect(dump(farm)).toBe(before)
})

test('the time-out of a run follows an edit of the job', async () => {
  await using farm = testFarm()
  const job = await farm.leaf({ timeout: 1000 })
  await farm.begin()
  await farm.farm.editJobs({ [job]: { timeout: 10 } })
  farm.clock.advance(10)
  await farm.farm.step()
  expect(farm.state(job)).toBe('ERROR')
})
