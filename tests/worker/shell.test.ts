import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { exitCodeOf } from '../../src/worker/run.ts'
import { fillTemplate, quoteLine, quoteWord, shellCall, templateProblem } from '../../src/worker/shell.ts'

test('a command reaches the shell of the platform as it was typed', () => {
  const command = 'echo "a b" & echo c'
  expect(shellCall(command, 'linux')).toEqual({ argv: ['/bin/sh', '-c', command], verbatim: false })
  expect(shellCall(command, 'win32', 'C:\\Windows\\cmd.exe')).toEqual({
    argv: ['C:\\Windows\\cmd.exe', '/d', '/s', '/c', '"echo "a b" & echo c"'],
    verbatim: true,
  })
})

test.each([
  [['/opt/coalition'], 'linux', '/opt/coalition'],
  [['/opt/my farm/coalition'], 'darwin', "'/opt/my farm/coalition'"],
  [['/bin/bun', "/it's/main.ts"], 'linux', "/bin/bun '/it'\\''s/main.ts'"],
  [['C:\\farm\\coalition.exe'], 'win32', 'C:\\farm\\coalition.exe'],
  [['C:\\Program Files\\coalition.exe'], 'win32', '"C:\\Program Files\\coalition.exe"'],
])('the program %j on %s is the command line %s', (words, platform, line) => {
  expect(quoteLine(words, platform)).toBe(line)
})

describe('runcommand', () => {
  const values = { user: "o'neil", dir: '/my shots', cmd: 'echo "$HOME"; ls' }
  test.each([
    ['sudo -u __user__ -- sh -c __cmd__', `sudo -u 'o'\\''neil' -- sh -c 'echo "$HOME"; ls'`],
    [`sh -c '__cmd__'`, `sh -c 'echo "$HOME"; ls'`],
    ['sh -c "cd __dir__; __cmd__"', 'sh -c "cd /my shots; echo \\"\\$HOME\\"; ls"'],
    ['at __dir__ __dir__ __other__', "at '/my shots' '/my shots' __other__"],
    [`a\\'b __cmd__`, `a\\'b 'echo "$HOME"; ls'`],
  ])('%s becomes %s', (template, expected) => {
    expect(fillTemplate(template, values, 'linux')).toBe(expected)
  })

  test('what is inserted is not itself searched for placeholders', () => {
    expect(fillTemplate('__user__ __cmd__', { ...values, user: '__cmd__' }, 'linux')).toStartWith('__cmd__ ')
  })

  const posix = test.skipIf(process.platform === 'win32')
  posix.each(['printf %s __cmd__', `printf %s '__cmd__'`, 'printf %s "__cmd__"'])(
    'whatever a user typed, the shell reads %s as that text and runs none of it',
    (template) => {
      fc.assert(
        fc.property(fc.string({ unit: fc.constantFrom(...'\'"\\$`;&|() \nab') }), (cmd) => {
          const filled = fillTemplate(template, { ...values, cmd }, 'linux')
          expect(Bun.spawnSync(['/bin/sh', '-c', filled]).stdout.toString()).toBe(cmd)
        }),
        { numRuns: 40 },
      )
    },
  )

  test('Windows takes the command as it stands and refuses a user that cmd.exe would act on', () => {
    const plain = { user: 'render', dir: 'C:\\shots', cmd: 'echo "a" & dir' }
    expect(fillTemplate('runas __user__ cmd /c __cmd__', plain, 'win32')).toBe('runas render cmd /c echo "a" & dir')
    expect(() => fillTemplate('x __user__ __cmd__', { ...plain, user: 'a & del C:\\' }, 'win32')).toThrow('the user')
  })

  test('without __cmd__ it is refused, because it would never run a job', () => {
    expect(templateProblem('sudo -u __user__ true')).toContain('no __cmd__')
    expect(templateProblem('sh -c __cmd__')).toBeUndefined()
  })
})

test('a plain word stays as it is, an empty one is still a word', () => {
  expect(quoteWord('a-b_c.d/e', 'linux')).toBe('a-b_c.d/e')
  expect(quoteWord('', 'linux')).toBe("''")
})

test('an exit code is kept, and an end by a signal is 128 and its number', () => {
  expect(exitCodeOf(0, null)).toBe(0)
  expect(exitCodeOf(3, null)).toBe(3)
  expect(exitCodeOf(null, 'SIGKILL')).toBe(137)
  expect(exitCodeOf(null, null)).not.toBe(0)
})
