/** What has been done in memory since the last commit, and how to take it back. */
export class Journal {
  #changes: { undo: () => void; ofTree: boolean }[] = []

  get length(): number {
    return this.#changes.length
  }

  /** `ofTree`: not needed where the tree is built anew. */
  push(undo: () => void, ofTree = true): void {
    this.#changes.push({ undo, ofTree })
  }

  /** Takes back the changes since `mark`, the last first; those of the tree are left out if it is going to be built anew. */
  undo(mark: number, treeToo: boolean): void {
    while (this.#changes.length > mark) {
      const change = this.#changes.pop()
      const length = this.#changes.length
      if (treeToo || !change?.ofTree) change?.undo()
      // Taking back is a change as well, which nobody takes back.
      this.#changes.length = length
    }
  }

  clear(): void {
    this.#changes.length = 0
  }
}
