import { NUMBERS } from '../domain/affinities.ts'
import { namesOf } from '../domain/needs.ts'
import { integer, text } from './convert.ts'
import type { Findings } from './findings.ts'
import type { OldRow } from './source.ts'

const LONGEST_NAME = 255

/**
 * Coalition 4 kept affinities as bits, and one table of their names: bit n−1 is number n. What a job shows, and is picked
 * by, are its bits; the text beside them is what its user typed on the day, before any renaming.
 */
export class AffinityNames {
  /** Number to name, of those that have one. */
  readonly names = new Map<number, string>()
  #known = new Map<string, string[]>()

  constructor(private readonly findings: Findings) {}

  add(row: OldRow<'Affinities'>): void {
    const number = integer(row.id)
    const name = text(row.name).trim()
    if (number < 1 || number > NUMBERS || name === '') return
    const taken = [...this.names].find(([, other]) => other === name)
    if (taken) {
      // Both bits are read as the one name: whoever typed it got one of them, and meant the same.
      this.findings.note('affinity', `number ${number} was "${name}" too, as number ${taken[0]} is`)
      this.#same.set(number, name)
    } else if (/[,\n]/.test(name) || name === '*' || name.startsWith('#') || name.length > LONGEST_NAME)
      this.findings.note('affinity', `number ${number}: "${name}" is read as #${number}`)
    else this.names.set(number, name)
  }
  #same = new Map<number, string>()

  /** The names in a mask, sorted; `#5` for a number without a name. */
  ofBits(mask: string): string[] {
    const known = this.#known.get(mask)
    if (known) return known
    const bits = /^-?\d+$/.test(mask) ? BigInt(mask) : 0n
    const names = new Set<string>()
    for (let number = 1; number <= NUMBERS; number++)
      if (bits & (1n << BigInt(number - 1))) names.add(this.names.get(number) ?? this.#same.get(number) ?? `#${number}`)
    const sorted = [...names].sort()
    this.#known.set(mask, sorted)
    return sorted
  }

  /** What a job or a line of a worker needs: by its bits, by its text where an older schema has no bits. */
  of(mask: unknown, typed: unknown): string[] {
    const names = this.ofBits(text(mask))
    if (names.length > 0) return names
    const renamed = namesOf(text(typed)).map((name) => this.names.get(Number(/^#(\d+)$/.exec(name)?.[1])) ?? name)
    return [...new Set(renamed)].sort()
  }

  addLine(row: OldRow<'WorkerAffinities'>): void {
    const worker = text(row.worker_name)
    const line = { ordering: integer(row.ordering), id: integer(row.id), names: this.of(row.affinity, '') }
    const lines = this.#lines.get(worker)
    if (lines) lines.push(line)
    else this.#lines.set(worker, [line])
  }
  #lines = new Map<string, { ordering: number; id: number; names: string[] }[]>()

  /** The lines of a worker in their order; of an older schema what its row says itself. */
  linesOf(row: OldRow<'Workers'>): string {
    const own = this.#lines.get(text(row.name))?.sort((a, b) => a.ordering - b.ordering || a.id - b.id)
    const lines =
      own?.map((line) => line.names) ??
      text(row.affinity)
        .split('\n')
        .map((line) => this.of('', line))
    return lines
      .filter((names) => names.length > 0)
      .map((names) => names.join(','))
      .join('\n')
  }
}
