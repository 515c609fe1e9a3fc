/** A value that components follow: the smallest thing that `useSyncExternalStore` takes. */
import { useSyncExternalStore } from 'react'

export class Store<T> {
  #listeners = new Set<() => void>()

  constructor(private value: T) {}

  readonly get = (): T => this.value

  set(value: T): void {
    if (Object.is(value, this.value)) return
    this.value = value
    for (const listener of this.#listeners) listener()
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

export const useStore = <T>(store: Store<T>): T => useSyncExternalStore(store.subscribe, store.get)

/** A value that this browser remembers: the theme, a table's columns. */
export function remembered<T>(name: string, initial: T): Store<T> {
  const store = new Store<T>(read())
  store.subscribe(() => {
    try {
      localStorage.setItem(name, JSON.stringify(store.get()))
    } catch {
      // Private windows have no room; the choice lasts as long as the page.
    }
  })
  // Another window of this browser chose something else.
  window.addEventListener('storage', ({ key }) => key === name && store.set(read()))
  return store

  function read(): T {
    try {
      const text = localStorage.getItem(name)
      return text === null ? initial : (JSON.parse(text) as T)
    } catch {
      return initial
    }
  }
}
