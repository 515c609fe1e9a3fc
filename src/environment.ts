/** A job's environment: the worker's own, the job's pairs on top, and what the agent adds. Pure. */

export type Environment = Record<string, string>

export interface Pairs {
  pairs: [name: string, value: string][]
  /** Lines that are no pair: said in the run's log, because a typing error here shows up as a strange render. */
  ignored: string[]
}

/**
 * `KEY=value` pairs, separated by real newlines or by the two characters `\` `n`. A piece behind such a `\n` that is no
 * pair itself belongs to the value before it: so `SCENES=P:\new\nSHOT=010` keeps its directory `P:\new`.
 */
export function parseEnvironment(text: string): Pairs {
  const pairs: Pairs['pairs'] = []
  const ignored: string[] = []
  for (const line of text.split(/\r?\n/)) {
    let inLine = 0
    for (const piece of line.split('\\n')) {
      const pair = /^\s*([^\s=\\/]+)\s*=(.*)$/s.exec(piece)
      if (pair) {
        pairs.push([pair[1] ?? '', pair[2] ?? ''])
        inLine += 1
      } else if (piece.trim() !== '') {
        const before = inLine > 0 ? pairs.at(-1) : undefined
        if (before) before[1] += `\\n${piece}`
        else ignored.push(piece)
      }
    }
  }
  return { pairs, ignored }
}

/** Names differ by case on POSIX and do not on Windows, where a job's `PATH` must replace the worker's `Path`. */
export function withPairs(base: Environment, pairs: Iterable<[string, string]>, platform: string): Environment {
  const result: Environment = { ...base }
  const names = new Map(Object.keys(base).map((name) => [nameKey(name, platform), name]))
  for (const [name, value] of pairs) {
    const known = names.get(nameKey(name, platform))
    if (known !== undefined && known !== name) delete result[known]
    names.set(nameKey(name, platform), name)
    result[name] = value
  }
  return result
}

export function lookup(environment: Environment, platform: string): (name: string) => string | undefined {
  const values = new Map(Object.entries(environment).map(([name, value]) => [nameKey(name, platform), value]))
  return (name) => values.get(nameKey(name, platform))
}

const nameKey = (name: string, platform: string) => (platform === 'win32' ? name.toUpperCase() : name)
