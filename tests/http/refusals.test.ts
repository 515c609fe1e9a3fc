/** What a client does wrong with values and names: each is refused by name, with a remedy, and nothing is changed. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { Raw, type TestServer, testServer } from '../support/server.ts'
import { everything, expectProblem } from './problem.ts'

let server: TestServer
let before: string

/** 1: a leaf that runs · 2: a group · 3: a leaf in it · 4: a group in it · 5: a leaf that waits for 1 */
beforeAll(async () => {
  server = await testServer()
  await server.add({ title: 'runs', command: 'x', priority: 5000 })
  await server.add({ title: 'group' })
  await server.add({ title: 'leaf', command: 'x', parent: 2 })
  await server.add({ title: 'inner', parent: 2 })
  await server.add({ title: 'waits', command: 'x', dependencies: [1] })
  await server.pick('worker-1')
  await server.pick('worker-2')
  await server.post('/api/runs/2/release', { worker: 'worker-2' })
  before = await everything(server)
})
afterAll(async () => {
  expect(await everything(server)).toBe(before)
  await server.stop()
})

const BIG = Number.MAX_SAFE_INTEGER + 1

/** Values that a property of a job cannot have, and words that the answer must hold. */
const JOB_VALUES: Record<string, [value: unknown, words: string][]> = {
  parent: [
    ['0', "'0'"],
    [-1, 'is -1'],
    [1.5, 'is 1.5'],
    [BIG, `is ${BIG}`],
    [true, 'is true'],
    [99, 'no job 99'],
    [1, 'Job 1 has a command'],
  ],
  title: [
    [5, 'is 5'],
    [['a'], '["a"]'],
    [{}, 'is {}'],
    ['x'.repeat(4097), '4096'],
  ],
  command: [
    [false, 'is false'],
    ['x'.repeat(256 * 1024 + 1), '262144'],
  ],
  dir: [[1, 'is 1']],
  environment: [
    [{ A: 'b' }, '{"A":"b"}'],
    ['x'.repeat(256 * 1024 + 1), '262144'],
  ],
  state: [
    ['DONE', "'DONE': write one of WAITING, PENDING, PAUSED"],
    ['waiting', "'waiting'"],
    [1, 'is 1'],
  ],
  paused: [
    [2, 'is 2: write one of 0, 1, true, false'],
    ['1', "is '1'"],
  ],
  retry: [
    [-1, 'is -1: write an integer from 0 to 1000000'],
    [1_000_001, '1000000'],
    [0.5, 'is 0.5'],
    ['3', "is '3'"],
  ],
  timeout: [
    [-1, 'is -1'],
    [1e300, 'is 1e+300'],
  ],
  priority: [
    [1.5, 'is 1.5: write an integer'],
    [BIG, `is ${BIG}`],
    [-BIG, `is -${BIG}`],
    ['high', "is 'high'"],
  ],
  affinity: [
    [['LINUX'], '["LINUX"]'],
    ['x'.repeat(4097), '4096'],
  ],
  user: [[7, 'is 7']],
  url: [[7, 'is 7']],
  progress_pattern: [
    [7, 'is 7'],
    ['(', "'('"],
    ['(?=x)%percent', 'look-arounds'],
  ],
  limits: [[['nuke'], '["nuke"]']],
  memory: [
    [-1, 'is -1: write an integer from 0 to 1000000000'],
    ['8G', "is '8G'"],
  ],
  cores: [[1.5, 'is 1.5']],
  gpus: [[-1, 'is -1']],
  start_after: [
    [-1, 'is -1'],
    ['tomorrow', "is 'tomorrow'"],
  ],
  retry_delay: [[86_401, 'is 86401: write an integer from 0 to 86400']],
  retry_growth: [[0.5, 'is 0.5: write a number from 1 to 100']],
  min_run_time: [[-1, 'is -1']],
  idle_timeout: [[true, 'is true']],
  fatal: [['(', "'('"]],
  success: [['(?=x)', 'look-arounds']],
  dependencies: [
    [1, 'is 1: write a list'],
    [[{ job: 1, kind: 'frame' }], 'is not a group of frames'],
    [['1'], "Item 0 of dependencies is '1'"],
    [[1, 0], 'Item 1 of dependencies is 0'],
    [[99], 'no job 99'],
    [[1, 99], 'no job 99'],
  ],
}

describe('a new job', () => {
  for (const [name, values] of Object.entries(JOB_VALUES))
    test(`cannot have such a ${name}`, async () => {
      for (const [value, words] of values) {
        const answer = await server.put('/api/jobs', { title: 'new', [name]: value })
        const item = answer.text.includes('Item') ? /Item (\d)/.exec(answer.text)?.[1] : undefined
        expect(expectProblem(answer, 422, item ? `${name}.${item}` : name)).toContain(words)
      }
      expect(await everything(server)).toBe(before)
    })

  test('cannot have numbers that JSON can write and no computer can hold', async () => {
    for (const number of ['1e400', '-1e400'])
      expect(
        expectProblem(await server.put('/api/jobs', new Raw(`{"priority": ${number}}`)), 422, 'priority'),
      ).toContain('Infinity')
  })

  test('cannot have of a group what only a group can have', async () => {
    for (const name of ['max_workers', 'error_limit'])
      for (const call of [
        server.put('/api/jobs', { command: 'x', [name]: 2 }),
        server.post('/api/jobs', { '5': { [name]: 2 } }),
      ])
        expect(expectProblem(await call, 422)).toContain(`${name} is 2, and it is for groups`)
    expect(await everything(server)).toBe(before)
  })

  test('cannot have properties that do not exist; the answer lists those that do', async () => {
    const words = expectProblem(await server.put('/api/jobs', { titel: 'x' }), 422, 'titel')
    expect(words).toContain('no property titel')
    expect(words).toContain('title, command, dir')
    expect(words).not.toContain('total_working')
  })

  test('may carry what the server keeps itself, which is ignored', async () => {
    const whole = await server.job(5)
    const { body: id } = await server.put<number>('/api/jobs', { ...whole, id: 77, start_time: 'never', total: -1 })
    expect(await server.job(id)).toEqual({ ...whole, id })
    await server.delete('/api/jobs', [id])
  })

  test('that is refused does not use an id', async () => {
    const first = await server.add({ title: 'a' })
    expectProblem(await server.put('/api/jobs', { parent: 99 }), 422)
    const second = await server.add({ title: 'b' })
    expect(second).toBe(first + 1)
    await server.delete('/api/jobs', [first, second])
  })
})

describe('edits', () => {
  for (const [name, values] of Object.entries(JOB_VALUES))
    test(`cannot give such a ${name}, and a good edit beside it is not made either`, async () => {
      for (const [value, words] of values) {
        const answer = await server.post('/api/jobs', { '3': { title: 'renamed' }, '5': { [name]: value } })
        const detail = expectProblem(answer, 422)
        expect(answer.body).toMatchObject({ field: expect.stringMatching(new RegExp(`^5\\.${name}(\\.\\d)?$`)) })
        expect(detail).toContain(words.replace('of dependencies', 'of 5.dependencies'))
      }
      expect(await everything(server)).toBe(before)
    })

  test('name their jobs by ids, written as ids are', async () => {
    for (const key of [
      '01',
      '1.5',
      '-1',
      '0',
      '',
      ' 1',
      '1e0',
      '0x1',
      'abc',
      '99999999999999999',
      '__proto__',
      'constructor',
      'ü',
    ])
      expect(
        expectProblem(
          await server.post('/api/jobs', new Raw(`{"3": {"title": "x"}, "${key}": {"title": "x"}}`)),
          422,
          key || 'body',
        ),
      ).toContain(`'${key}' does not belong here: write ids of jobs`)
    expect(expectProblem(await server.post('/api/jobs', { '3': { title: 'x' }, '99': {} }), 404, '99')).toContain(
      'no job 99',
    )
  })

  test('are properties by id, not something else', async () => {
    expect(expectProblem(await server.post('/api/jobs', { '3': 'title' }), 422, '3')).toContain(
      "3 is 'title': write an object",
    )
    expect(expectProblem(await server.post('/api/jobs', { '3': { titel: 1 } }), 422, '3.titel')).toContain('3.titel')
  })

  test('cannot close a circle, take the ground from a group, or move a job below itself', async () => {
    for (const [edits, field, words] of [
      [{ '1': { dependencies: [5] } }, '1.dependencies', 'Job 1 cannot depend on job 5: that waits for job 1 itself.'],
      [{ '3': { dependencies: [2] } }, '3.dependencies', 'Job 3 cannot depend on job 2'],
      [{ '2': { dependencies: [3] } }, '2.dependencies', 'Job 2 cannot depend on job 3'],
      [{ '2': { parent: 4 } }, '2.parent', 'Job 2 cannot be moved into job 4'],
      [{ '2': { parent: 2 } }, '2.parent', 'Job 2 cannot be moved into job 2'],
      [{ '2': { command: 'x' } }, '2.command', 'Job 2 holds other jobs'],
      [{ '1': { command: '' } }, '1.command', 'Job 1 is running'],
    ] as const)
      expect(expectProblem(await server.post('/api/jobs', edits), 422, field)).toContain(words)
    expect(expectProblem(await server.post('/api/jobs/1/dependencies', [5]), 422, 'dependencies')).toContain(
      'Job 1 cannot',
    )
    expect(expectProblem(await server.post('/api/jobs/3/dependencies', [1, 99]), 422, 'dependencies')).toContain(
      'no job 99',
    )
    expect(await everything(server)).toBe(before)
  })
})

describe('calls on many jobs', () => {
  const CALLS = [
    ['DELETE', '/api/jobs'],
    ['POST', '/api/resetjobs'],
    ['POST', '/api/reseterrorjobs'],
    ['POST', '/api/startjobs'],
    ['POST', '/api/pausejobs'],
  ] as const
  for (const [method, path] of CALLS)
    test(`${method} ${path}: all of them, or none`, async () => {
      for (const [ids, status, field, words] of [
        [[3, 1, 99], 404, '2', 'no job 99'],
        [[99, 3], 404, '0', 'no job 99'],
        [[3, '1'], 422, '1', "Item 1 of the list is '1': write an integer"],
        [[3, 1.5], 422, '1', 'is 1.5'],
        [[3, -1], 422, '1', 'is -1'],
        [[0], 422, '0', 'is 0'],
        [[BIG], 422, '0', `is ${BIG}`],
        [[null], 422, '0', 'is null'],
        [[[3]], 422, '0', 'is [3]'],
        [new Array(100_001).fill(3), 422, 'body', 'has 100001 items, and 100000 are the most'],
      ] as const)
        expect(expectProblem(await server.call(method, path, ids), status, field)).toContain(words)
      expect(await everything(server)).toBe(before)
      expect(await server.call(method, path, [])).toMatchObject({ status: 200, text: '1' })
      expect(await everything(server)).toBe(before)
    })
})

describe('calls on workers', () => {
  for (const [method, path] of [
    ['DELETE', '/api/workers'],
    ['POST', '/api/stopworkers'],
    ['POST', '/api/startworkers'],
    ['POST', '/api/terminateworkers'],
  ] as const)
    test(`${method} ${path}: all of them, or none`, async () => {
      for (const [names, status, field, words] of [
        [['worker-1', 'nobody'], 404, '1', "no worker 'nobody'"],
        [['worker-1', 7], 422, '1', 'is 7'],
        [['worker-1', ''], 422, '1', "is ''"],
        [['a\nb'], 422, '0', 'without control characters'],
        [['x'.repeat(256)], 422, '0', '255'],
        [['__proto__'], 404, '0', '__proto__'],
      ] as const)
        expect(expectProblem(await server.call(method, path, names), status, field)).toContain(words)
      expect(await everything(server)).toBe(before)
    })

  test('edits: all of them, or none', async () => {
    for (const [edits, status, field, words] of [
      ['{"worker-1": {"affinity": "X"}, "nobody": {}}', 404, 'nobody', "no worker 'nobody'"],
      ['{"worker-1": {"affinity": "X"}, "worker-2": {"active": 2}}', 422, 'worker-2.active', 'is 2: write one of 0, 1'],
      ['{"worker-1": {"affinity": 5}}', 422, 'worker-1.affinity', 'is 5: write a text'],
      [`{"worker-1": {"affinity": "${'x'.repeat(4097)}"}}`, 422, 'worker-1.affinity', '4096'],
      ['{"worker-1": {"afinity": "X"}}', 422, 'worker-1.afinity', 'write affinity, active'],
      ['{"worker-1": "stop"}', 422, 'worker-1', "is 'stop': write an object"],
      ['{"__proto__": {"active": 0}}', 404, '__proto__', '__proto__'],
      ['{"constructor": {"active": 0}}', 404, 'constructor', 'constructor'],
      ['{"a\\nb": {"active": 0}}', 422, 'a\nb', 'names of workers'],
    ] as const)
      expect(expectProblem(await server.post('/api/workers', new Raw(edits)), status, field)).toContain(words)
    expect(await everything(server)).toBe(before)
  })
})

describe('limits and blocklists', () => {
  test('are refused by the name, and nothing of the call is done', async () => {
    for (const [edits, field, words] of [
      ['{"nuke": 5, "maya": -1}', 'maya', 'is -1'],
      ['{"nuke": 5, "maya": "10"}', 'maya', "is '10'"],
      ['{"nuke": {"max": 5, "per": "day"}}', 'nuke', 'per'],
      ['{"nuke": 5, "a,b": 1}', 'a,b', "'a,b' cannot be the name of a limit"],
      ['{"nuke": 5, "a\\nb": {"max": "x", "per": {"toString": 1}}}', 'a\nb', 'write an integer'],
      ['{"nuke": 5, "a\u2028b": 1}', 'a\u2028b', 'cannot be the name of a limit'],
      ['{"nuke": 5, " ": 1}', ' ', 'without commas, control characters and spaces around'],
    ] as const)
      expect(expectProblem(await server.post('/api/limits', new Raw(edits)), 422, field)).toContain(words)
    expect((await server.get('/api/limits')).body).toEqual({})
  })

  test('of what is not there are told so', async () => {
    expect(expectProblem(await server.get('/api/jobs/99/blocklist'), 404)).toContain('no job 99')
    expect(expectProblem(await server.delete('/api/jobs/5/blocklist', ['nobody']), 404, '0')).toContain("'nobody'")
  })
})

describe('reports of workers', () => {
  test('are refused by the field that is wrong', async () => {
    const w = { worker: 'worker-1' }
    for (const [path, body, field, words] of [
      ['workers/w/pick', { wait: -1 }, 'wait', 'is -1: write a number from 0 to 60'],
      ['workers/w/pick', { wait: 61 }, 'wait', 'is 61'],
      ['workers/w/pick', { cpu: 5 }, 'cpu', 'write a list'],
      ['workers/w/pick', { cpu: [1, -1] }, 'cpu.1', 'Item 1 of cpu is -1'],
      ['workers/w/pick', { free_memory: 1.5 }, 'free_memory', 'is 1.5'],
      ['workers/w/pick', { total_memory: 1e300 }, 'total_memory', 'is 1e+300'],
      ['workers/w/pick', { hostname: 'x' }, 'hostname', 'no property hostname'],
      ['workers/a%0Ab/pick', {}, 'name', 'without control characters'],
      [`workers/${'x'.repeat(256)}/pick`, {}, 'name', '255'],
      ['runs/1/heartbeat', {}, 'worker', 'worker is missing'],
      ['runs/1/heartbeat', { ...w, log: 5 }, 'log', 'is 5'],
      ['runs/1/heartbeat', { ...w, log: 'not base64!' }, 'log', 'base64'],
      ['runs/1/heartbeat', { ...w, log: 'QQ==', log_offset: -1 }, 'log_offset', 'is -1'],
      ['runs/1/heartbeat', { ...w, log: 'A'.repeat(4 * 1024 * 1024 + 4) }, 'log', '4194304'],
      ['runs/1/heartbeat', { ...w, progress: 1.1 }, 'progress', 'is 1.1: write a number from 0 to 1'],
      ['runs/1/heartbeat', { ...w, progress: '50%' }, 'progress', "is '50%'"],
      ['runs/1/end', w, 'exit_code', 'exit_code is missing'],
      ['runs/1/end', { ...w, exit_code: '0' }, 'exit_code', "is '0'"],
      ['runs/1/end', { ...w, exit_code: 0.5 }, 'exit_code', 'is 0.5'],
      ['runs/1/release', {}, 'worker', 'worker is missing'],
      ['runs/1/release', { worker: 5 }, 'worker', 'is 5'],
      ['runs/abc/heartbeat', w, 'run', "is 'abc': write an integer of 1 or more"],
      ['runs/0/release', w, 'run', "is '0'"],
    ] as const)
      expect(expectProblem(await server.post(`/api/${path}`, body), 422, field)).toContain(words)
    expect(await everything(server)).toBe(before)
  })

  test('on runs that never were are told so', async () => {
    const body = { worker: 'worker-1' }
    for (const [action, more] of [
      ['heartbeat', {}],
      ['end', { exit_code: 0 }],
      ['release', {}],
    ] as const)
      expect(expectProblem(await server.post(`/api/runs/99/${action}`, { ...body, ...more }), 404)).toContain(
        'no run 99',
      )
  })
})
