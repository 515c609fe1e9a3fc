/** How the farm is divided among users: `order = "fair"` lets the one with the least running go first, weighted. */
export type Order = 'fifo' | 'fair'

/** What a user weighs who is not named. */
const WEIGHT = 1

/** What each user has running, over root jobs: a run counts for the user of the root job that it is in. */
export class Shares {
  #lanes = new Map<string, number>()
  #users: string[] = ['']
  #running = new Map<string, number>()

  constructor(
    readonly order: Order,
    private readonly weights: ReadonlyMap<string, number>,
  ) {}

  get isFair(): boolean {
    return this.order === 'fair'
  }

  /** One text for each user, however many jobs name him. */
  name(user: string): string {
    return this.#users[this.#lane(user)] as string
  }

  /** The number of a user's queue among root jobs of one priority; first come, first served knows only one. */
  laneOf(user: string): number {
    return this.isFair ? this.#lane(user) : 0
  }

  userOf(lane: number): string {
    return this.#users[lane] ?? ''
  }

  move(user: string, by: number): void {
    if (by === 0) return
    const running = (this.#running.get(user) ?? 0) + by
    if (running === 0) this.#running.delete(user)
    else this.#running.set(user, running)
  }

  /** What a user has of the farm: runs, divided by weight. The least goes first. */
  of(user: string): number {
    const weight = this.weights.get(user) ?? WEIGHT
    return weight > 0 ? (this.#running.get(user) ?? 0) / weight : Number.MAX_VALUE
  }

  clear(): void {
    this.#running.clear()
  }

  #lane(user: string): number {
    const known = this.#lanes.get(user)
    if (known !== undefined) return known
    const lane = user === '' ? 0 : this.#users.length
    this.#users[lane] = user
    this.#lanes.set(user, lane)
    return lane
  }
}
