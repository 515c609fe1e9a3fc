/** Rows by key, as the stream tells them: a component follows one row, and a change of it draws that row alone. */
import { useCallback, useSyncExternalStore } from 'react'

/** Rows kept that nobody looks at any more: scrolling back shows them at once. 50,000 are some 40 MB. */
const MOST_KEPT = 50_000

export class RowStore<K, R extends object> {
  #rows = new Map<K, R>()
  /** What an action will make of rows, until the server has said so, or no. */
  #hopes = new Map<K, Partial<R>[]>()
  #shown = new Map<K, R>()
  #listeners = new Map<K, Set<() => void>>()

  get(key: K): R | undefined {
    const row = this.#rows.get(key)
    const hopes = this.#hopes.get(key)
    if (!row || !hopes) return row
    const known = this.#shown.get(key)
    if (known) return known
    const shown = Object.assign({}, row, ...hopes) as R
    this.#shown.set(key, shown)
    return shown
  }

  put(key: K, row: R): void {
    // Last in the order of the map: what was told longest ago is forgotten first.
    this.#rows.delete(key)
    this.#rows.set(key, row)
    this.#tell(key)
    if (this.#rows.size > MOST_KEPT) this.#forget()
  }

  remove(key: K): void {
    if (this.#rows.delete(key)) this.#tell(key)
  }

  /** Shows rows as they will be; answers how to take that back, or let go of it. */
  hope(keys: Iterable<K>, change: Partial<R>): () => void {
    const list = [...keys]
    for (const key of list) {
      this.#hopes.set(key, [...(this.#hopes.get(key) ?? []), change])
      this.#tell(key)
    }
    return () => {
      for (const key of list) {
        const left = (this.#hopes.get(key) ?? []).filter((each) => each !== change)
        if (left.length > 0) this.#hopes.set(key, left)
        else this.#hopes.delete(key)
        this.#tell(key)
      }
    }
  }

  subscribe(key: K, listener: () => void): () => void {
    const set = this.#listeners.get(key) ?? new Set()
    this.#listeners.set(key, set)
    set.add(listener)
    return () => {
      set.delete(listener)
      if (set.size === 0) this.#listeners.delete(key)
    }
  }

  /** Somebody shows it, so the server tells it: it is as it is now. Other rows are as they were when they were shown. */
  isFollowed(key: K): boolean {
    return this.#listeners.has(key) && this.#rows.has(key)
  }

  #tell(key: K): void {
    this.#shown.delete(key)
    for (const listener of this.#listeners.get(key) ?? []) listener()
  }

  #forget(): void {
    for (const key of this.#rows.keys()) {
      if (this.#rows.size <= MOST_KEPT) return
      if (!this.#listeners.has(key)) this.#rows.delete(key)
    }
  }
}

export function useRow<K, R extends object>(store: RowStore<K, R>, key: K): R | undefined {
  return useSyncExternalStore(
    useCallback((listener) => store.subscribe(key, listener), [store, key]),
    () => store.get(key),
  )
}
