import { useMemo, useSyncExternalStore } from 'react'
import { useTheme } from '../shell/theme.ts'

const dark = matchMedia('(prefers-color-scheme: dark)')
const subscribe = (listener: () => void) => {
  dark.addEventListener('change', listener)
  return () => dark.removeEventListener('change', listener)
}

/** The theme's colours for what draws itself: a canvas cannot be told `var(--finished)`. Another object with each theme. */
export function useColours<N extends string>(names: readonly N[]): Record<N, string> {
  const [theme] = useTheme()
  const system = useSyncExternalStore(subscribe, () => (dark.matches ? 'dark' : 'light'))
  const scheme = theme === 'system' ? system : theme
  // biome-ignore lint/correctness/useExhaustiveDependencies: the scheme is what the style sheets answer by.
  return useMemo(() => {
    const probe = document.body.appendChild(document.createElement('i'))
    const read = (name: N) => {
      probe.style.color = `var(--${name})`
      return [name, getComputedStyle(probe).color]
    }
    const colours = Object.fromEntries(names.map(read)) as Record<N, string>
    probe.remove()
    return colours
  }, [names, scheme])
}
