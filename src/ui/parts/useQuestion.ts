import { useEffect } from 'react'
import { useLocation } from 'wouter'
import { type Store, useStore } from '../data/store.ts'

/** The question of a view, as long as one stays where it was asked: Back leads away from it too. */
export function useQuestion<T>(asking: Store<T | undefined>): T | undefined {
  const [place] = useLocation()
  // biome-ignore lint/correctness/useExhaustiveDependencies: another place is another view.
  useEffect(() => () => asking.set(undefined), [asking, place])
  return useStore(asking)
}
