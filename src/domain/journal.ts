/** What has been done in memory since the last commit, and how to take it back. */
export class Journal {
  #changes: (() => void)[] = []

  get length(): number {
    return this.#changes.length
  }

  push(undo: () => void): void {
    this.#changes.push(undo)
  }

  /** Takes back the changes since `mark`, the last first. */
  undo(mark: number): void {
    while (this.#changes.length > mark) {
      const undo = this.#changes.pop()
      const length = this.#changes.length
      undo?.()
      // Taking back is a change as well, which nobody takes back.
      this.#changes.length = length
    }
  }

  clear(): void {
    this.#changes.length = 0
  }
}
