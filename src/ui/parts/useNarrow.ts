import { useSyncExternalStore } from 'react'

/** A phone; narrow.css says the same. */
const query = matchMedia('(max-width: 640px)')

function subscribe(listener: () => void): () => void {
  query.addEventListener('change', listener)
  return () => query.removeEventListener('change', listener)
}

export const useNarrow = (): boolean => useSyncExternalStore(subscribe, () => query.matches)
