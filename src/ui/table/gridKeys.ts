/** Keys that every table knows: where the keyboard goes, and what is selected. */
import { all, go, type Lines, pick, type Selection } from './selection.ts'

interface Pressed {
  key: string
  ctrlKey: boolean
  metaKey: boolean
  altKey: boolean
  shiftKey: boolean
}

/** The selection after a key; undefined: the key is not the table's. */
export function pressed<K>(
  selection: Selection<K>,
  lines: Lines<K>,
  { key, ctrlKey, metaKey, altKey, shiftKey }: Pressed,
  pageRows: number,
): Selection<K> | undefined {
  if (altKey) return undefined
  const ctrl = ctrlKey || metaKey
  const how = { range: shiftKey, add: ctrl }
  const at = selection.active === undefined ? -1 : lines.indexOf(selection.active)
  switch (key) {
    case 'ArrowDown':
      return go(selection, lines, at + 1, how)
    case 'ArrowUp':
      return go(selection, lines, at < 0 ? 0 : at - 1, how)
    case 'PageDown':
      return go(selection, lines, at + pageRows, how)
    case 'PageUp':
      return go(selection, lines, at - pageRows, how)
    case 'Home':
      return go(selection, lines, 0, how)
    case 'End':
      return go(selection, lines, lines.count - 1, how)
    case 'Escape':
      return { ...selection, keys: new Set() }
    case ' ':
      return selection.active === undefined
        ? undefined
        : pick(selection, lines, selection.active, { ...how, add: true })
    case 'a':
      return ctrl ? all(selection, lines) : undefined
  }
  return undefined
}

/** What was typed within a second is one word. */
const WORD_MS = 1000

/** Finds the row whose text begins with what is typed, from the one after the active one on, round the end. */
export class TypeToFind {
  #word = ''
  #last = 0

  /** Whether a key belongs to the word: a space does when there is one, and selects a row otherwise. */
  takes(key: string): boolean {
    return key === ' ' ? this.#going : key.length === 1 && /[\p{L}\p{N}_.#-]/u.test(key)
  }

  get #going(): boolean {
    return Date.now() - this.#last < WORD_MS
  }

  /** What was typed so far, with this letter. */
  type(letter: string): string {
    if (!this.#going) this.#word = ''
    this.#last = Date.now()
    this.#word += letter.toLowerCase()
    return this.#word
  }

  /** `matches` answers undefined for a row that is not known; the search ends there, and so does this answer. −1: none. */
  find<K>(lines: Lines<K>, active: K | undefined, matches: (key: K) => boolean | undefined): number | undefined {
    const from = active === undefined ? 0 : lines.indexOf(active) + (this.#word.length === 1 ? 1 : 0)
    for (let i = 0; i < lines.count; i++) {
      const index = (from + i) % lines.count
      const found = matches(lines.at(index) as K)
      if (found === undefined) return undefined
      if (found) return index
    }
    return -1
  }
}
