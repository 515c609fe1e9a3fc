import { type QueryKey, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import type { Store } from '../data/store.ts'

/** Asks for something again when a store says that it may be otherwise, so often at most; `on` false: not now. */
export function useNews(store: Store<unknown> | Store<number>, queryKey: QueryKey, everyMs: number, on = true): void {
  const client = useQueryClient()
  const key = JSON.stringify(queryKey)
  useEffect(() => {
    if (!on) return
    let timer: ReturnType<typeof setTimeout> | undefined
    const leave = store.subscribe(() => {
      timer ??= setTimeout(() => {
        timer = undefined
        void client.invalidateQueries({ queryKey: JSON.parse(key) })
      }, everyMs)
    })
    return () => {
      leave()
      clearTimeout(timer)
    }
  }, [client, store, key, everyMs, on])
}
