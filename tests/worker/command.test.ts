import { describe, expect, test } from 'bun:test'
import { parseEnvironment, withPairs } from '../../src/environment.ts'
import { FarmError } from '../../src/errors.ts'
import { expand, mapDrive, prepare } from '../../src/worker/command.ts'

const job = {
  id: 1,
  title: 'Job 1',
  command: 'echo',
  dir: '.',
  user: '',
  environment: '',
  timeout: 0,
  memory: 0,
  cores: 0,
  gpus: 0,
}
const linux = { platform: 'linux', base: {}, added: {} }
const windows = { platform: 'win32', base: {}, added: {} }

describe('the environment of a job', () => {
  const table: [text: string, pairs: [string, string][], ignored?: string[]][] = [
    ['', []],
    ['A=1', [['A', '1']]],
    [
      'A=1\\nB=2',
      [
        ['A', '1'],
        ['B', '2'],
      ],
    ],
    [
      'A=1\nB=2\r\nC=3\n',
      [
        ['A', '1'],
        ['B', '2'],
        ['C', '3'],
      ],
    ],
    [
      'A=1\\nB=2\nC=3',
      [
        ['A', '1'],
        ['B', '2'],
        ['C', '3'],
      ],
    ],
    ['OPTIONS=-a=1 -b=2', [['OPTIONS', '-a=1 -b=2']]],
    ['EMPTY=', [['EMPTY', '']]],
    [' A =  spaced ', [['A', '  spaced ']]],
    [
      'DIR=P:\\new\\nB=2',
      [
        ['DIR', 'P:\\new'],
        ['B', '2'],
      ],
    ],
    ['TOOL=P:\\new\\tool --opt=3', [['TOOL', 'P:\\new\\tool --opt=3']]],
    ['A=1\\n', [['A', '1']]],
    [
      'A=1\\n\\nB=2',
      [
        ['A', '1'],
        ['B', '2'],
      ],
    ],
    ['typo\nA=1', [['A', '1']], ['typo']],
    ['=1', [], ['=1']],
  ]
  test.each(table)('%j holds the pairs %j', (text, pairs, ignored = []) => {
    expect(parseEnvironment(text)).toEqual({ pairs, ignored })
  })

  test('a pair replaces the name of the worker as the platform compares names', () => {
    expect(withPairs({ Path: 'a', X: 'x' }, [['PATH', 'b']], 'win32')).toEqual({ PATH: 'b', X: 'x' })
    expect(withPairs({ Path: 'a', X: 'x' }, [['PATH', 'b']], 'linux')).toEqual({ Path: 'a', PATH: 'b', X: 'x' })
  })

  test("the job's pairs go over the worker's, and the agent's own over both", () => {
    const { environment } = prepare(
      { ...job, environment: 'A=job\\nCOALITION_JOB=7' },
      { ...linux, base: { A: 'worker', B: 'worker' }, added: { COALITION_JOB: '1' } },
    )
    expect(environment).toEqual({ A: 'job', B: 'worker', COALITION_JOB: '1' })
  })
})

describe('$(NAME)', () => {
  const values: Record<string, string> = {
    A: '1',
    B: '$(A)$(A)',
    PICK: 'A',
    LOOP: 'x$(LOOP)',
    SELF: '$(SELF)',
    PING: '$(PONG)',
    PONG: '$(PING)',
    'ProgramFiles(x86)': 'C:\\P',
    BIG: '$(BIGGER)'.repeat(1000),
    BIGGER: 'x'.repeat(100_000),
  }
  const value = (name: string) => values[name]

  test.each([
    ['$(A)', '1'],
    ['$(B)-$(A)', '11-1'],
    ['$($(PICK))', '1'],
    ['$(MISSING)x', 'x'],
    ['$(date +%F) $HOME $A', '$(date +%F) $HOME $A'],
    ['$(ProgramFiles(x86))', 'C:\\P'],
    ['$()', '$()'],
    ['', ''],
  ])('%j becomes %j', (text, expected) => {
    expect(expand('command', text, value, 'win32')).toBe(expected)
  })

  test.each([['$(LOOP)'], ['$(SELF)'], ['$(PING)'], ['$(BIG)']])(
    '%s, which never ends or grows without end, is refused',
    (text) => {
      const began = performance.now()
      expect(() => expand('command', text, value, 'linux')).toThrow(FarmError)
      expect(performance.now() - began).toBeLessThan(1000)
    },
  )

  test('a name that is not there becomes empty and is said, once', () => {
    const { command, dir, notes } = prepare({ ...job, command: 'a$(GONE)b$(GONE)', dir: '/x$(GONE)' }, linux)
    expect([command, dir]).toEqual(['ab', '/x'])
    expect(notes).toEqual(['$(GONE) is not in the environment: replaced by nothing'])
  })

  test('is looked up as the platform compares names', () => {
    const base = { Path: 'found' }
    expect(prepare({ ...job, command: '$(PATH)' }, { ...windows, base }).command).toBe('found')
    expect(prepare({ ...job, command: '$(PATH)' }, { ...linux, base }).command).toBe('')
  })
})

describe('a drive letter', () => {
  test.each([
    ['X:/tools/render -f 1', '$(X_DRIVE)/tools/render -f 1'],
    ['x:\\tools', '$(X_DRIVE)\\tools'],
    ['  X:/tools', '  $(X_DRIVE)/tools'],
    ['"X:/my tools/render" Y:/scene', '"$(X_DRIVE)/my tools/render" Y:/scene'],
    ["'X:/my tools'", "'$(X_DRIVE)/my tools'"],
    ['http://farm/', 'http://farm/'],
    ['render -o:x', 'render -o:x'],
    ['.', '.'],
  ])('%j is mapped to %j', (text, expected) => {
    expect(mapDrive(text)).toBe(expected)
  })

  const shared = { ...job, command: 'P:\\bin\\go', dir: 'P:\\shots\\010' }
  test('and the backslashes of the directory change, but not on Windows', () => {
    const base = { P_DRIVE: '/mnt/p' }
    const onLinux = prepare(shared, { ...linux, base })
    expect([onLinux.command, onLinux.dir]).toEqual(['/mnt/p\\bin\\go', '/mnt/p/shots/010'])
    const onWindows = prepare(shared, { ...windows, base })
    expect([onWindows.command, onWindows.dir]).toEqual(['P:\\bin\\go', 'P:\\shots\\010'])
  })

  test('may come out of a variable', () => {
    const base = { P_DRIVE: '/mnt/p' }
    expect(prepare({ ...job, dir: '$(SHOT)/a', environment: 'SHOT=P:\\s' }, { ...linux, base }).dir).toBe('/mnt/p/s/a')
  })

  test('whose own variable is that letter again stays, and does not hang', () => {
    expect(prepare(shared, { ...linux, base: { P_DRIVE: 'P:' } }).dir).toBe('P:/shots/010')
  })
})

test('an empty directory is the one in which the agent was started', () => {
  expect(prepare({ ...job, dir: '' }, linux).dir).toBe('.')
  expect(prepare({ ...job, dir: '$(GONE)' }, linux).dir).toBe('.')
})
