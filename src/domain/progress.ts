import { cached, compilePattern } from './patterns.ts'

/** What an empty `progress_pattern` stands for. */
export const DEFAULT_PATTERN = 'PROGRESS:%percent'

const NUMBER = '[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+'
/** Only so much of a chunk's end is searched: the last match counts, and a flood of output must not cost more. */
const SEARCHED = 16 * 1024
/** What is kept of one chunk for a match that the next one completes. */
const CARRIED = 256

export interface ProgressPattern {
  /** The progress (0 to 1) that the last match in `text` states; undefined without a match. */
  last(text: string): number | undefined
}

/**
 * `progress_pattern` of `behaviour.md`: a regular expression with %percent (0–100) or %one (0–1) where the number stands.
 * It runs in RE2, whose time is linear in the text whatever the pattern, since patterns come from users and logs are long.
 * Throws an `invalid` FarmError for a pattern RE2 cannot take (look-arounds and back-references).
 */
export const progressPattern = (source: string, field = 'progress_pattern'): ProgressPattern =>
  patternOf(source === '' ? DEFAULT_PATTERN : source, field)

const patternOf = cached((source, field) => plain(source) ?? expression(source, field))

/** A text without meaning to RE2, and without what a number is made of, so that two matches cannot overlap. */
const PLAIN = /^([^\\^$.|?*+()[\]{}0-9%]+)(%percent|%one)$/

/**
 * A word before the number, as in the default pattern and as mostly: read from the end, where the last match is. A KB of
 * output may state it thirty times, and RE2 looked at each: 12 % of all that 10,000 heartbeats cost, a tenth with output.
 */
function plain(source: string): ProgressPattern | undefined {
  const [, word, unit] = PLAIN.exec(source) ?? []
  if (word === undefined) return undefined
  const scale = unit === '%one' ? 1 : 100
  const number = new RegExp(NUMBER, 'y')
  return {
    last(text) {
      for (let at = text.lastIndexOf(word); at >= 0; at = at === 0 ? -1 : text.lastIndexOf(word, at - 1)) {
        number.lastIndex = at + word.length
        const [found] = number.exec(text) ?? []
        if (found !== undefined) return Math.min(1, Number(found) / scale)
      }
      return undefined
    },
  }
}

function expression(source: string, field: string): ProgressPattern {
  const scales: { name: string; scale: number }[] = []
  const named = source.replace(/%percent|%one/g, (word) => {
    const name = `coalition${scales.length}`
    scales.push({ name, scale: word === '%one' ? 1 : 100 })
    return `(?P<${name}>${NUMBER})`
  })
  const more = ', with %percent or %one for the number'
  const regexp = compilePattern(named, field, { said: source, more })
  return {
    last(text) {
      let found: number | undefined
      const matcher = regexp.matcher(text)
      while (matcher.find())
        for (const { name, scale } of scales) {
          const number = matcher.group(name)
          if (number) found = Math.min(1, Number(number) / scale)
        }
      return found
    },
  }
}

/** Follows the progress of one run through its output, in whatever chunks it comes. */
export class ProgressReader {
  #carry = ''
  /** Keeps the first bytes of a character that goes on in the next chunk. */
  #decoder = new TextDecoder()

  constructor(private readonly pattern: ProgressPattern) {}

  /** The progress stated by the output so far, if this chunk states one. */
  read(chunk: Uint8Array): number | undefined {
    if (chunk.byteLength > SEARCHED) {
      this.#carry = ''
      this.#decoder = new TextDecoder()
    }
    const text = this.#carry + this.#decoder.decode(chunk.subarray(-SEARCHED), { stream: true })
    this.#carry = text.slice(-CARRIED)
    return this.pattern.last(text)
  }
}
