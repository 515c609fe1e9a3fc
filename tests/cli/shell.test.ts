import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { quoteWindows, shellLine } from '../../src/cli/shell.ts'

describe('words of a command line become a line for the shell', () => {
  test('one word is a line as it is, for the shell to read', () => {
    expect(shellLine(['a "b" | c > d'], 'linux')).toBe('a "b" | c > d')
    expect(shellLine(['a "b" | c > d'], 'win32')).toBe('a "b" | c > d')
  })

  test.each([
    [['blender', '-b', 'a.blend'], 'blender -b a.blend', 'blender -b a.blend'],
    [['echo', 'two words'], "echo 'two words'", 'echo "two words"'],
    [['echo', ''], "echo ''", 'echo ""'],
    [['echo', "it's"], "echo 'it'\\''s'", 'echo "it\'s"'],
    [['echo', 'a&b|c'], "echo 'a&b|c'", 'echo "a&b|c"'],
    [['echo', '$HOME'], "echo '$HOME'", 'echo "$HOME"'],
    [['echo', '%PATH%'], 'echo %PATH%', 'echo ^"^%PATH^%^"'],
    [['echo', 'say "hi" & go'], 'echo \'say "hi" & go\'', 'echo ^"say^ \\^"hi\\^"^ ^&^ go^"'],
    [['type', 'C:\\My Files\\'], "type 'C:\\My Files\\'", 'type "C:\\My Files\\\\"'],
    [['dir', 'C:\\Files'], "dir 'C:\\Files'", 'dir C:\\Files'],
  ])('%j', (words, posix, windows) => {
    expect(shellLine(words, 'linux')).toBe(posix)
    expect(shellLine(words, 'darwin')).toBe(posix)
    expect(shellLine(words, 'win32')).toBe(windows)
  })

  test('a line break is refused where cmd.exe would cut the command there', () => {
    expect(() => shellLine(['echo', 'a\nb'], 'win32')).toThrow('line break')
  })

  test.skipIf(process.platform === 'win32')('a POSIX shell hands each word on as it was typed', () => {
    const word = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => !text.includes('\0'))
    const nasty = fc.constantFrom('$(id)', '`id`', "'", '"', '\\', '*', '~', '!', '\n', ' ', '#', '-', ';', '&&')
    fc.assert(
      fc.property(fc.array(fc.oneof(word, nasty), { minLength: 1, maxLength: 5 }), (words) => {
        const line = shellLine(['printf', '%s\\0', ...words], 'linux')
        const { stdout } = Bun.spawnSync(['/bin/sh', '-c', line])
        expect(stdout.toString().split('\0').slice(0, -1)).toEqual(words)
      }),
      { numRuns: 60 },
    )
  })

  /** cmd.exe and then the C runtime, as their documentation reads. Stands in for a Windows machine. */
  function readByWindows(line: string): string {
    let text = ''
    let quoted = false
    for (let i = 0; i < line.length; i++) {
      const char = line[i] as string
      if (char === '^' && !quoted) text += line[++i] ?? ''
      else {
        if (char === '"') quoted = !quoted
        // Inside quotes cmd still replaces %NAME%; outside, these characters would end or redirect the command.
        if (char === '%') throw new Error(`% is live in ${line}`)
        if (!quoted && /[&|<>()]/.test(char)) throw new Error(`${char} is live in ${line}`)
        text += char
      }
    }
    let word = ''
    let inside = false
    for (let i = 0; i < text.length; ) {
      const slashes = /^\\*/.exec(text.slice(i))?.[0].length ?? 0
      i += slashes
      if (text[i] === '"') {
        word += '\\'.repeat(slashes >> 1)
        if (slashes % 2) word += '"'
        else inside = !inside
        i++
      } else {
        word += '\\'.repeat(slashes)
        if (i < text.length) {
          if (!inside && text[i] === ' ') throw new Error(`the word is cut in ${text}`)
          word += text[i++]
        }
      }
    }
    return word
  }

  test('cmd.exe and the C runtime hand each word on as it was typed', () => {
    const chars = fc.constantFrom('"', '\\', '%', '^', '&', '|', '<', '>', '(', ')', ' ', '!', 'a', 'b', "'", ';', ',')
    fc.assert(
      fc.property(fc.string({ unit: chars, maxLength: 12 }), (word) => {
        expect(readByWindows(quoteWindows(word))).toBe(word)
      }),
      { numRuns: 2000 },
    )
  })
})
