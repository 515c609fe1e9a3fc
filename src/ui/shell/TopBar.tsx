import { useMemo } from 'react'
import { Link, useLocation } from 'wouter'
import { AccountButton } from '../account/Account.tsx'
import { farm } from '../data/live.ts'
import { me } from '../data/me.ts'
import { useStore } from '../data/store.ts'
import { stream, useWatch } from '../data/stream.ts'
import { count } from '../parts/format.ts'
import { Icon } from '../parts/Icon.tsx'
import { Steady } from '../parts/Steady.tsx'
import { sectionsFor } from '../sections.ts'
import { type Command, useCommands } from './commands.ts'
import { paletteOpen, shortcutsOpen } from './open.ts'
import { THEMES, useTheme } from './theme.ts'

const WORDS = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'No connection: trying again',
  asleep: 'Asleep',
} as const
const openPalette = () => paletteOpen.set(true)
const openShortcuts = () => shortcutsOpen.set(true)
const THEME_ICONS = { system: 'system', dark: 'moon', light: 'sun' } as const

export function TopBar() {
  const [location, go] = useLocation()
  const [theme, setTheme] = useTheme()
  const connection = useStore(stream.connection)
  const health = useStore(farm)
  const who = useStore(me)
  const sections = useMemo(() => sectionsFor(who), [who])
  useWatch({ farm: true })
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system'
  const commands = useMemo<Command[]>(
    () => [
      ...sections.map(({ label, path }) => ({
        id: `go ${path}`,
        label: `Go to ${label}`,
        group: 'Page',
        run: () => go(path),
      })),
      ...THEMES.map((name) => ({
        id: `theme ${name}`,
        label: `Theme: ${name}`,
        group: 'Page',
        run: () => setTheme(name),
      })),
      { id: 'palette', label: 'All commands', group: 'Page', keys: 'Ctrl+K', always: true, run: openPalette },
      { id: 'shortcuts', label: 'Keyboard shortcuts', group: 'Page', keys: '?', run: openShortcuts },
      { id: 'api', label: 'API documentation', group: 'Page', run: () => window.open('/docs', '_blank', 'noreferrer') },
    ],
    [go, setTheme, sections],
  )
  useCommands(commands)
  return (
    <header className="top">
      <Link href="/" className="brand">
        Coalition
      </Link>
      <nav className="sections" aria-label="Sections">
        {sections.map(({ label, path, holds }) => (
          <Link
            key={path}
            href={path}
            aria-current={location.startsWith(path) ? 'page' : holds && location.startsWith(holds) ? 'true' : undefined}
          >
            {label}
          </Link>
        ))}
      </nav>
      {health && (
        <p className="farm-counts">
          <span title="Workers that run a job, of all">
            <Steady number={health.workers.working} />/{count(health.workers.total)} workers
          </span>
          <span title="Jobs that a worker could take now">
            <Steady number={health.jobs.ready} /> ready
          </span>
        </p>
      )}
      <span className="connection" data-connection={connection} role="status">
        <i aria-hidden="true" />
        <span>{WORDS[connection]}</span>
      </span>
      <AccountButton />
      <button
        type="button"
        className="icon-button"
        aria-label="All commands"
        title="All commands (Ctrl+K)"
        onClick={openPalette}
      >
        <Icon name="search" />
      </button>
      <button
        type="button"
        className="icon-button wide-only"
        aria-label={`Theme: ${theme}. Change to ${next}`}
        title={`Theme: ${theme}`}
        onClick={() => setTheme(next)}
      >
        <Icon name={THEME_ICONS[theme]} />
      </button>
      <button
        type="button"
        className="icon-button wide-only"
        aria-label="Keyboard shortcuts"
        title="Keyboard shortcuts (?)"
        onClick={openShortcuts}
      >
        <Icon name="help" />
      </button>
    </header>
  )
}
