import { remembered, useStore } from '../data/store.ts'

export const THEMES = ['system', 'dark', 'light'] as const
export type Theme = (typeof THEMES)[number]

const theme = remembered<Theme>('coalition.theme', 'system')

const apply = () => {
  if (theme.get() === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme.get()
}

export function startTheme(): void {
  apply()
  theme.subscribe(apply)
}

export const useTheme = () => [useStore(theme), (next: Theme) => theme.set(next)] as const
