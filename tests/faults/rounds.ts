/**
 * What a test of faults is repeated by: FAULT_SEED (a number) does the same again, FAULT_ROUNDS does it longer.
 * The seed decides what is done and when; what the machine makes of it may differ a little.
 */
export const SEED = numberOf('FAULT_SEED') ?? Math.trunc(Math.random() * 1e9)

/** FAULT_ROUNDS, or what a change can wait for. */
export const rounds = (usual: number): number => numberOf('FAULT_ROUNDS') ?? usual

function numberOf(name: string): number | undefined {
  const text = process.env[name]
  if (text === undefined || text === '') return undefined
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${name} is '${text}': write a whole number of up to 9 digits`)
  return Number(text)
}

export interface Random {
  /** In [0, 1). */
  (): number
  /** 0 to `below` − 1. */
  int(below: number): number
  oneOf<T>(items: readonly T[]): T
  /** Another source, which does not move when this one is used more or less. */
  branch(name: string): Random
}

/** mulberry32: 32 bits of state are enough to repeat a test. */
export function randomFrom(seed: number): Random {
  let state = seed | 0
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  return Object.assign(next, {
    int: (below: number) => Math.floor(next() * below),
    oneOf: <T>(items: readonly T[]): T => {
      if (items.length === 0) throw new Error('there is nothing to choose from')
      return items[Math.floor(next() * items.length)] as T
    },
    branch: (name: string) => randomFrom(Number(Bun.hash(`${seed} ${name}`) & 0x7fffffffn)),
  })
}

/** Runs a test with its seed said when it fails. */
export async function seeded(what: string, test: (random: Random) => Promise<void>): Promise<void> {
  try {
    await test(randomFrom(SEED).branch(what))
  } catch (error) {
    console.error(`${what}: FAULT_SEED=${SEED} does it again`)
    throw error
  }
}
