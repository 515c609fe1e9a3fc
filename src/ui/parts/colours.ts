/** The theme's colours for what is painted and not styled: canvases. */
import { useEffect, useState } from 'react'
import { useTheme } from '../shell/theme.ts'

export type Colours<N extends string> = Readonly<Record<N, string>>

/** What names of theme.css are now, as rgb(…); read again when the theme changes, by choice or by system. */
export function useColours<N extends string>(names: readonly N[]): Colours<N> | undefined {
  const [theme] = useTheme()
  const [dark, setDark] = useState(() => matchMedia('(prefers-color-scheme: dark)').matches)
  const [colours, setColours] = useState<Colours<N>>()
  const text = names.join(' ')
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)')
    const change = () => setDark(query.matches)
    query.addEventListener('change', change)
    return () => query.removeEventListener('change', change)
  }, [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme is why the colours are others.
  useEffect(() => {
    const probe = document.createElement('i')
    document.body.append(probe)
    const read = (name: string) => {
      probe.style.color = `var(--${name})`
      return [name, getComputedStyle(probe).color] as const
    }
    setColours(Object.fromEntries(text.split(' ').map(read)) as Record<N, string>)
    probe.remove()
  }, [theme, dark, text])
  return colours
}

/** Red, green, blue of `rgb(…)` or `rgba(…)`. */
export function parts(colour: string): [number, number, number] {
  const [r = 0, g = 0, b = 0] = (colour.match(/[\d.]+/g) ?? []).map(Number)
  return [r, g, b]
}
