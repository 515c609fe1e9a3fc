/** The leaves of a group as the strip and the chart have them: lists side by side, since 100,000 objects would be 10 MB. Pure. */
import type { GroupFrames } from '../../../answers.ts'
import type { Job } from '../../../models.ts'

/** In the order of the legend; the letter is how the server writes it. */
export const FRAME_STATES: readonly { state: Job['state']; letter: string; word: string }[] = [
  { state: 'FINISHED', letter: 'f', word: 'finished' },
  { state: 'WORKING', letter: 'r', word: 'working' },
  { state: 'ERROR', letter: 'e', word: 'in error' },
  { state: 'WAITING', letter: 'w', word: 'waiting' },
  { state: 'PENDING', letter: 'p', word: 'pending' },
  { state: 'PAUSED', letter: 'h', word: 'paused' },
]
const placeOf = new Map(FRAME_STATES.map(({ letter }, i) => [letter, i]))
const codeOf = (letter: string): number => placeOf.get(letter) ?? 0

export class Frames {
  readonly ids: Float64Array
  /** A place in FRAME_STATES each. */
  readonly states: Uint8Array
  /** Seconds. */
  readonly durations: Float64Array
  /** How many are in each state. */
  readonly counts = FRAME_STATES.map(() => 0)
  #places: Map<number, number> | undefined

  constructor({ ids, states, durations }: GroupFrames) {
    this.ids = new Float64Array(states.length)
    this.states = new Uint8Array(states.length)
    this.durations = Float64Array.from(durations)
    let at = 0
    for (const [first, count] of ids) for (let i = 0; i < count; i++) this.ids[at++] = first + i
    for (let i = 0; i < states.length; i++) {
      const code = codeOf(states.charAt(i))
      this.states[i] = code
      this.#count(code, 1)
    }
  }

  get length(): number {
    return this.ids.length
  }

  /** −1: it is not among them. */
  indexOf(id: number): number {
    this.#places ??= new Map(Array.from(this.ids, (each, i) => [each, i]))
    return this.#places.get(id) ?? -1
  }

  change(id: number, letter: string, duration: number): void {
    const at = this.indexOf(id)
    if (at < 0) return
    this.#count(this.states[at] as number, -1)
    const code = codeOf(letter)
    this.states[at] = code
    this.#count(code, 1)
    this.durations[at] = duration
  }

  #count(code: number, by: number): void {
    this.counts[code] = (this.counts[code] ?? 0) + by
  }
}
