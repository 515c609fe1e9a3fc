/** The wire that existing workers speak, with real Pythons at its other end where there are some. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { pythonText } from '../../src/http/pythonLiteral.ts'
import type { Event, Job, JobInput, Worker } from '../../src/models.ts'
import { type Answer, Raw, type TestServer, testServer } from '../support/server.ts'
import { evaluated, PYTHONS, python } from './python.ts'

let server: TestServer
beforeEach(async () => {
  server = await testServer()
})
afterEach(() => server.stop())

const NOTHING = "(-1, '', '', '', None)"
const FORM = 'application/x-www-form-urlencoded'
type Fields = Record<string, string>

const call = (name: string, fields: Fields, type: string | undefined = FORM) =>
  server.post<string>(`/workers/${name}`, new Raw(new URLSearchParams(fields).toString()), { type })
const pick = async (hostname: string, more: Fields = {}) => (await call('pickjob', { hostname, ...more })).body
const beat = async (hostname: string, jobId: string | number, more: Fields = {}) =>
  (await call('heartbeat', { hostname, jobId: String(jobId), ...more })).body
const end = (hostname: string, jobId: string | number, errorCode: string | number) =>
  call('endjob', { hostname, jobId: String(jobId), errorCode: String(errorCode) })

const base64 = (text: string | Uint8Array) => Buffer.from(text).toString('base64')
const logOf = async (id: number) => (await server.get<string>(`/api/jobs/${id}/log`)).body
const workers = async () => (await server.get<Worker[]>('/api/workers')).body
const expectText = (answer: Answer, text: string) =>
  expect(answer).toMatchObject({ status: 200, type: 'text/plain; charset=utf-8', text })

describe('an old worker', () => {
  test('without work gets the tuple that says so, and is known from then on', async () => {
    expectText(
      await call('pickjob', { hostname: 'old', load: '[12.5, 3.0]', free_memory: '100', total_memory: '200' }),
      NOTHING,
    )
    expect(await workers()).toMatchObject([
      { name: 'old', cpu: '[12.5,3]', free_memory: 100, total_memory: 200, state: 'WAITING', ip: '127.0.0.1' },
    ])
  })

  test('takes a job, reports its output and ends it', async () => {
    const id = await server.add({
      command: 'echo test',
      dir: '/tmp',
      user: 'render',
      environment: 'A=1\nB=2',
      title: 't',
    })
    expect(await pick('old')).toBe(`(${id}, 'echo test', '/tmp', 'render', 'A=1\\\\nB=2')`)
    expectText(await call('heartbeat', { hostname: 'old', jobId: String(id), log: base64('one ') }), 'true')
    expect(await beat('old', id, { log: base64('PROGRESS:30\n'), load: '[50.0]', free_memory: '7' })).toBe('true')
    expect(await server.job(id)).toMatchObject({ state: 'WORKING', worker: 'old', progress: 0.3 })
    expect(await workers()).toMatchObject([{ cpu: '[50]', free_memory: 7, state: 'WORKING' }])
    expect(await end('old', id, 0)).toMatchObject({ status: 200 })
    expect(await server.job(id)).toMatchObject({ state: 'FINISHED', run_done: 1 })
    expect(await logOf(id)).toBe('one PROGRESS:30\n')
    expect(await beat('old', id, { log: base64('late') })).toBe('false')
    expect(await logOf(id)).toBe('one PROGRESS:30\n')
  })

  test('that says an error code ends its job in ERROR, once', async () => {
    for (const code of ['1', '-9', '3221225786', 'x', '1.5', '1e400', '', ' ']) {
      const id = await server.add({ command: 'x' })
      await pick('old')
      await end('old', id, code)
      await end('old', id, 0)
      expect(await server.job(id)).toMatchObject({ state: 'ERROR', run_done: 1 })
    }
  })

  test('may say everything in the query, by POST and by GET; the body overrules it', async () => {
    const first = await server.add({ command: 'x' })
    expectText(await server.get('/workers/pickjob?hostname=q&load=%5B1%5D'), `(${first}, 'x', '.', '', '')`)
    expectText(await server.post(`/workers/heartbeat?hostname=q&jobId=${first}`, undefined), 'true')
    expectText(await server.get(`/workers/heartbeat?hostname=q&jobId=${first}&log=${base64('hi')}`), 'true')
    await server.get(`/workers/endjob?hostname=q&jobId=${first}&errorCode=0`)
    expect(await server.job(first)).toMatchObject({ state: 'FINISHED' })
    const second = await server.add({ command: 'x' })
    const body = new Raw('hostname=b')
    expectText(await server.post('/workers/pickjob?hostname=q', body, { type: FORM }), `(${second}, 'x', '.', '', '')`)
    expect(await server.job(second)).toMatchObject({ worker: 'b' })
  })

  test('is understood whatever its content type says', async () => {
    for (const type of [undefined, FORM, 'text/plain', 'application/json', 'multipart/form-data; boundary=x']) {
      const id = await server.add({ command: 'x' })
      const options = { type }
      const sent = (text: string) => new Raw(text)
      expectText(await server.post('/workers/pickjob', sent('hostname=t'), options), `(${id}, 'x', '.', '', '')`)
      expectText(await server.post('/workers/heartbeat', sent(`hostname=t&jobId=${id}`), options), 'true')
      await server.post('/workers/endjob', sent(`hostname=t&jobId=${id}&errorCode=0`), options)
      expect(await server.job(id)).toMatchObject({ state: 'FINISHED' })
    }
  })

  test('whose job was paused, reset, deleted or given away is told to kill it', async () => {
    for (const take of [
      (id: number) => server.post('/api/pausejobs', [id]),
      (id: number) => server.post('/api/resetjobs', [id]),
      (id: number) => server.delete('/api/jobs', [id]),
      () => server.delete('/api/workers', ['old']),
    ]) {
      const id = await server.add({ command: 'x' })
      await pick('old')
      expect(await beat('old', id)).toBe('true')
      await take(id)
      expectText(await call('heartbeat', { hostname: 'old', jobId: String(id), log: base64('late') }), 'false')
      expect(await end('old', id, 0)).toMatchObject({ status: 200 })
      const { status, body } = await server.get<Job>(`/api/jobs/${id}`)
      if (status === 200) expect(body).toMatchObject({ run_done: 0 })
      await server.delete('/api/jobs', status === 200 ? [id] : [])
    }
  })

  test('cannot report on the job of another', async () => {
    const id = await server.add({ command: 'x' })
    await pick('old')
    await pick('thief')
    expect(await beat('thief', id, { log: base64('stolen') })).toBe('false')
    await end('thief', id, 0)
    expect(await server.job(id)).toMatchObject({ state: 'WORKING', worker: 'old' })
    expect(await logOf(id)).toBe('')
  })

  test('that nobody knows is known from its first word on, whichever that is', async () => {
    const id = await server.add({ command: 'x' })
    expect(await beat('beats', id, { load: '[5]' })).toBe('false')
    await end('ends', id, 0)
    expect(await workers()).toMatchObject([{ name: 'beats', cpu: '[5]', state: 'WAITING' }, { name: 'ends' }])
    expect(await server.job(id)).toMatchObject({ state: 'WAITING', run_done: 0 })
    await pick('beats')
    expect(await server.delete('/api/workers', ['beats'])).toMatchObject({ status: 200 })
    expect(await beat('beats', id)).toBe('false')
    expect(await workers()).toMatchObject([{ name: 'beats', finished: 0, last_job: 0 }, { name: 'ends' }])
  })

  test('that was terminated is back when it asks for a job, and not by its last words on one', async () => {
    const id = await server.add({ command: 'x' })
    await pick('old')
    await server.post('/api/terminateworkers', ['old'])
    expect(await beat('old', id)).toBe('false')
    await end('old', id, 1)
    expect(await workers()).toMatchObject([{ state: 'TERMINATED', error: 0 }])
    expect(await server.job(id)).toMatchObject({ state: 'WAITING', run_done: 0 })
    await pick('old')
    expect(await workers()).toMatchObject([{ state: 'WORKING' }])
  })

  test('that asks again while it works has crashed: its job waits again', async () => {
    const id = await server.add({ command: 'x' })
    await pick('old')
    expect(await pick('old')).toBe(`(${id}, 'x', '.', '', '')`)
    const { body } = await server.get<Event[]>('/api/events')
    expect(body.map(({ state }) => state)).toEqual(['LOST', 'WORKING'])
  })
})

describe('whatever it says, it is answered in its own words:', () => {
  const STRANGE = [
    '',
    'abc',
    '-1',
    '0',
    '1.5',
    '99',
    '1e400',
    '99999999999999999999',
    'NaN',
    '[]',
    '\u0000',
    '😀',
    '__proto__',
  ]

  test('ids that are none', async () => {
    const id = await server.add({ command: 'x' })
    await pick('old')
    for (const jobId of STRANGE) {
      expectText(await call('heartbeat', { hostname: 'old', jobId, log: base64('x') }), 'false')
      expectText(await call('endjob', { hostname: 'old', jobId, errorCode: '0' }), '1')
    }
    expectText(await call('heartbeat', { hostname: 'old' }), 'false')
    expect(await server.job(id)).toMatchObject({ state: 'WORKING' })
    expect(await logOf(id)).toBe('')
    expect(await beat('old', id)).toBe('true')
  })

  test('loads and memories that are none are left out', async () => {
    await pick('old', { load: '[1, 2]', free_memory: '10', total_memory: '20' })
    for (const value of [...STRANGE, '{}', '["x"]', '[1,', '[null]', 'None', '[[1]]', '"1"']) {
      const load = ['-1', '0', '1.5', '99', '99999999999999999999', '[]'].includes(value) ? 'x' : value
      const memory = ['0', '99', '1.5'].includes(value) ? 'x' : value
      expectText(await call('pickjob', { hostname: 'old', load, free_memory: memory, total_memory: memory }), NOTHING)
    }
    expect(await workers()).toMatchObject([{ cpu: '[1,2]', free_memory: 10, total_memory: 20 }])
  })

  test('names that are none or cannot be kept as they are', async () => {
    for (const fields of [{}, { hostname: '' }, { hostname: '\u0000\n' }] as Fields[]) {
      expectText(await call('pickjob', fields), NOTHING)
      expectText(await call('heartbeat', fields), 'false')
      expectText(await call('endjob', fields), '1')
    }
    expect(await workers()).toEqual([])
    for (const hostname of ['__proto__', 'a b/c', 'Ünal', 'x\ny', '😀'.repeat(200), "'"]) {
      await server.add({ command: 'x' })
      expect(await pick(hostname)).toContain(", 'x', '.', '', ''")
      const jobId = (await server.get<Event[]>('/api/events?sort=-id&limit=1')).body[0]?.job_id ?? 0
      expect(await beat(hostname, jobId)).toBe('true')
      await end(hostname, jobId, 0)
    }
    const names = (await workers()).map(({ name }) => name)
    expect(names.toSorted()).toEqual(['Ünal', '__proto__', 'a b/c', 'xy', '😀'.repeat(127), "'"].toSorted())
    for (const name of names) expect(await server.post('/api/stopworkers', [name])).toMatchObject({ status: 200 })
  })

  test('bodies that are no form', async () => {
    for (const bytes of [
      '{"hostname": "j"}',
      '%',
      '%zz=%',
      '&&&===',
      '\u0000',
      '<xml/>',
      'hostname',
      Uint8Array.of(0xff, 0xfe, 0x3d),
    ])
      for (const name of ['pickjob', 'heartbeat', 'endjob'])
        expect(await server.post(`/workers/${name}`, new Raw(bytes))).toMatchObject({ status: 200 })
    expect(await server.get('/workers/pickjob?hostname=%zz')).toMatchObject({ status: 200 })
  })

  test('output in base64, split within a character, in lines, with its + lost, or broken', async () => {
    const id = await server.add({ command: 'x' })
    await pick('old')
    const euro = Buffer.from('€')
    await beat('old', id, { log: base64(euro.subarray(0, 1)) })
    expect(await beat('old', id, { log: base64(euro.subarray(1)) })).toBe('true')
    expect(await logOf(id)).toBe('€')
    // As Python's base64.encodestring writes it.
    await beat('old', id, { log: `${base64('in ').slice(0, 2)}\n${base64('in ').slice(2)}\n` })
    expect(await logOf(id)).toBe('€in ')
    // Sent by hand, without an escape: a form reads each + as a space.
    const text = '>>>???~~~'
    expect(base64(text)).toContain('+')
    await server.post('/workers/heartbeat', new Raw(`hostname=old&jobId=${id}&log=${base64(text)}`), { type: FORM })
    expect(await logOf(id)).toBe(`€in ${text}`)
    for (const log of ['!!!', '====', 'Q', '😀']) expect(await beat('old', id, { log })).toBe('true')
    expect(await logOf(id)).toBe(`€in ${text}`)
  })
})

/** Everything that means something to a shell, to Python or to the people who write commands. */
const NASTY = [
  "'",
  '"',
  "''",
  '\'"""',
  '\\',
  '\\\\',
  "\\'",
  "'\\",
  "\\\\'",
  '\\n',
  '\n',
  '\r\n',
  '\t',
  '\\u0041',
  '\\x41',
  '\\N{DASH}',
  "', __import__('os').system('touch /tmp/owned'), '",
  "') or (1",
  "'+str(1)+'",
  '%s %d {0} {x}',
  'é',
  'Grüße €',
  '😀',
  '👩‍👩‍👧',
  '\u2028\u2029\u0085\ufeff',
  '\u007f\u0080\u009f',
  '\u0001\u001b[31m',
  '漢字',
  '\ud83d\ude00\\',
  '#',
  '$(HOME)',
  '`id`',
  'x'.repeat(4000),
]

/** Any text that a job can have. */
const anyText = fc
  .oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.string(), fc.constantFrom(...NASTY))
  .map((text) => text.replaceAll('\0', ''))

/** What the wire makes of each job for a worker in this Python, as [command, dir, user, environment]. */
async function throughTheWire(interpreters: readonly string[], texts: readonly string[]): Promise<void> {
  const jobs = texts.map((text, i): JobInput => {
    const next = texts[(i + 1) % texts.length] ?? ''
    return { command: `c${text}`, dir: `${next}d`, user: text, environment: next, priority: -i }
  })
  const ids: number[] = []
  for (const job of jobs) ids.push(await server.add(job))
  const tuples: string[] = []
  for (const [i] of jobs.entries()) tuples.push(await pick(`w${i}`))
  const expected = jobs.map(({ command, dir, user, environment = '' }, i) => [
    ids[i],
    command,
    dir,
    user,
    environment.replace(/\r?\n/g, '\\n'),
  ])
  for (const tuple of tuples) expect(tuple).toMatch(/^[\x20-\x7e]+$/)
  for (const interpreter of interpreters) expect(await evaluated(interpreter, tuples)).toEqual(expected)
  await server.delete('/api/jobs', ids)
}

describe('the tuple', () => {
  test('is plain ASCII, whatever a user typed', async () => {
    await throughTheWire([], NASTY)
  })

  for (const interpreter of PYTHONS) {
    test(`reads back as the same texts in ${interpreter}, whatever a user typed`, async () => {
      await throughTheWire([interpreter], NASTY)
      expect(await evaluated(interpreter, [NOTHING])).toEqual([[-1, '', '', '', null]])
    })

    test(`reads back as the same random texts in ${interpreter}`, async () => {
      const texts = fc.array(anyText, { minLength: 40, maxLength: 60 })
      await fc.assert(
        fc.asyncProperty(texts, (sample) => throughTheWire([interpreter], sample)),
        { numRuns: 3, endOnFailure: true },
      )
    }, 30_000)

    test(`is evaluated in ${interpreter} character by character over all of Unicode`, async () => {
      const planes: string[] = []
      for (let from = 0; from < 0x110000; from += 0x1000) {
        let text = ''
        // Halves of pairs cannot come in, and no Python could write them.
        for (let code = from; code < from + 0x1000; code += from < 0x3000 ? 1 : 97)
          if (code < 0xd800 || code > 0xdfff) text += String.fromCodePoint(code)
        planes.push(text)
      }
      const read = await evaluated(interpreter, planes.map(pythonText))
      expect(read.every((text, i) => text === planes[i])).toBe(true)
    })

    test(`and the rest of the wire serve a worker written in ${interpreter}`, async () => {
      const id = await server.add({ command: "echo 'é'", dir: '.', user: 'ü' })
      const program = `
import base64, json, sys
try:
    from urllib import urlencode
    from urllib2 import urlopen
except ImportError:
    from urllib.parse import urlencode
    from urllib.request import urlopen
def call(name, **fields):
    fields['hostname'] = 'py'
    return urlopen(sys.argv[1] + '/workers/' + name, urlencode(fields).encode('ascii')).read()
vitals = dict(load='[12.5, 3.0]', free_memory=100, total_memory=200)
job, command, dir, user, environment = eval(call('pickjob', **vitals))
going = call('heartbeat', jobId=job, log=base64.b64encode(command.encode('utf-8')), **vitals)
call('endjob', jobId=job, errorCode=0)
gone = call('heartbeat', jobId=job, log='', **vitals)
print(json.dumps([job, command, user, going.decode('ascii'), gone.decode('ascii'), eval(call('pickjob', **vitals))[0]]))
`
      const printed = await python(interpreter, program, '', server.url)
      expect(JSON.parse(printed)).toEqual([id, "echo 'é'", 'ü', 'true', 'false', -1])
      expect(await logOf(id)).toBe("echo 'é'")
      expect(await server.job(id)).toMatchObject({ state: 'FINISHED', worker: 'py' })
    }, 15_000)
  }
})
