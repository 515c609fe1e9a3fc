/** Names of affinity while they are typed: lines of names, separated by commas. Pure. */

/** Each name once, as people sort them. */
export function namesIn(texts: Iterable<string>): string[] {
  const names = [...texts].flatMap((text) => text.split(/[,\n]/)).map((name) => name.trim())
  return [...new Set(names.filter(Boolean))].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
}

interface Typed {
  text: string
  /** Where the cursor is. */
  at: number
}

/** The name around the cursor: where it begins and ends, and what of it is typed. */
function wordAt({ text, at }: Typed) {
  const begin = at - (/[^,\n]*$/.exec(text.slice(0, at))?.[0].length ?? 0)
  const end = at + (/^[^,\n]*/.exec(text.slice(at))?.[0].length ?? 0)
  return { begin, end, word: text.slice(begin, end).trim() }
}

/** The names that have what is being typed in them, and are not in that line yet. One that is complete asks for the next. */
export function suggested(all: readonly string[], typed: Typed): string[] {
  const { text, at } = typed
  const { word } = wordAt(typed)
  const wanted = all.includes(word) ? '' : word.toLowerCase()
  const line = text.slice(text.lastIndexOf('\n', at - 1) + 1, (text.indexOf('\n', at) + 1 || text.length + 1) - 1)
  const there = new Set(namesIn([line]))
  const begins = (name: string) => Number(name.toLowerCase().startsWith(wanted))
  return all
    .filter((name) => name.toLowerCase().includes(wanted) && !there.has(name))
    .sort((a, b) => begins(b) - begins(a))
}

/** With a name instead of what was being typed, or after the name that is there. */
export function completed(all: readonly string[], typed: Typed, name: string): Typed {
  const { begin, end, word } = wordAt(typed)
  const before = typed.text.slice(0, begin)
  const after = before + (all.includes(word) ? `${word},${name}` : name)
  return { text: after + typed.text.slice(end), at: after.length }
}
