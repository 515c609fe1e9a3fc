/** Parts of the page whose code comes after the first paint: they are two thirds of it, and a browser reads 1 MB in 100 ms. */
import { type ComponentType, useEffect } from 'react'
import { Store, useStore } from '../data/store.ts'
import { Failed } from './Failed.tsx'

type Loaded<P> = ComponentType<P> | 'missing' | undefined

const all: (() => Promise<void>)[] = []

/**
 * A component that shows nothing until its code is there. It is asked for when the component is, again each time that it did
 * not come; `whenIdle`: for what is open seldom and there always, only when the browser has nothing else to do.
 */
export function later<P extends object>(
  load: () => Promise<ComponentType<P>>,
  { whenIdle = false }: { whenIdle?: boolean } = {},
): ComponentType<P> {
  const loaded = new Store<Loaded<P>>(undefined)
  const ask = async (): Promise<void> => {
    if (typeof loaded.get() === 'function') return
    loaded.set(await load().catch(() => 'missing' as const))
  }
  all.push(ask)
  // biome-ignore lint/correctness/noComponentHookFactories: made once a part, when its module is read.
  return function Later(props: P) {
    const View = useStore(loaded)
    useEffect(() => {
      if (!whenIdle) void ask()
    }, [])
    if (View === 'missing') return <Missing />
    return View && <View {...props} />
  }
}

/** The server was updated since the page came, and has no files of it any more; or it cannot be reached. */
function Missing() {
  return <Failed>This part of the page did not come: the server is away, or another version now.</Failed>
}

/** What is asked for first is drawn by then. */
const REST_MS = 1000

/** When the browser has nothing else to do: the next view is there at once, also when the server was updated meanwhile. */
export function loadTheRest(): void {
  const begin = () => void all.reduce((before, ask) => before.then(ask), Promise.resolve())
  // Safari knows no idle time.
  setTimeout(() => ('requestIdleCallback' in window ? requestIdleCallback(begin, { timeout: 5000 }) : begin()), REST_MS)
}
