import { isWork } from '../domain/background.ts'
import type { Core } from '../domain/core.ts'
import { FarmError } from '../errors.ts'

/** Between two steps: without a rest each who asked meanwhile would wait for two. */
const REST_MS = 2

/** Works off what resets and deletes have left to do (domain/background.ts), step by step, while there is any. */
export class Behind {
  #on = false
  #working: Promise<void> | undefined

  constructor(
    private readonly core: Core,
    /** The next step; answers whether there may be more. */
    private readonly step: () => Promise<boolean>,
  ) {}

  start(): void {
    this.#on = true
    this.look()
  }

  /** There may be something to do. */
  look(): void {
    if (!this.#on || this.#working || !isWork(this.core)) return
    this.#working = this.#work()
      .catch((error) => {
        // A full disk has been said, and is asked again after the next change.
        if (!(error instanceof FarmError))
          console.error('what is left of a reset or a delete could not be worked off:', error)
      })
      .then(() => {
        this.#working = undefined
      })
  }

  async stop(): Promise<void> {
    this.#on = false
    await this.#working
  }

  async #work(): Promise<void> {
    while (this.#on && (await this.step())) await Bun.sleep(REST_MS)
  }
}
