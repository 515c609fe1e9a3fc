/** Words of a command line become one line for a shell, each word reaching the program as it was typed. */

const PLAIN = /^[\w@%+=:,./-]+$/

export function quotePosix(word: string): string {
  if (PLAIN.test(word)) return word
  return `'${word.replaceAll("'", `'\\''`)}'`
}

const PLAIN_WINDOWS = /^[\w@+=:,./\\-]+$/

/**
 * Two readers one after the other: cmd.exe, then the C runtime of the program. Quotes hide `& | < > ( ) ^` from cmd,
 * but not `%`, and a quote inside the word ends the hiding; so those words carry a caret before each character
 * that cmd knows, the quotes too, and cmd never sees a quoted part. `^%` is the only way to keep a `%` on a command line.
 */
export function quoteWindows(word: string): string {
  if (/[\r\n]/.test(word)) throw new Error(`cmd.exe cannot take a line break in a word: ${JSON.stringify(word)}`)
  if (PLAIN_WINDOWS.test(word)) return word
  // The runtime reads backslashes as themselves, except in front of a quote, the closing one too.
  const quoted = `"${word.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`
  return /["%!]/.test(word) ? quoted.replaceAll(/[()[\]%!^"`<>&|;, *?]/g, '^$&') : quoted
}

/** One word is a line for the shell already (`jobs add -- "a | b"`), several are a program and its arguments. */
export function shellLine(words: readonly string[], platform: NodeJS.Platform = process.platform): string {
  if (words.length === 1) return words[0] as string
  return words.map(platform === 'win32' ? quoteWindows : quotePosix).join(' ')
}
