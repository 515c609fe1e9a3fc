import { useEffect } from 'react'
import { Redirect, Route, Switch, useLocation } from 'wouter'
import { FirstAdmin } from './account/FirstAdmin.tsx'
import { SignInPage } from './account/SignIn.tsx'
import { startLive } from './data/live.ts'
import { me } from './data/me.ts'
import { useStore } from './data/store.ts'
import { JobView } from './job/JobView.tsx'
import { sectionsFor } from './sections.ts'
import { Palette } from './shell/Palette.tsx'
import { Shortcuts } from './shell/Shortcuts.tsx'
import { TopBar } from './shell/TopBar.tsx'
import { Toasts } from './shell/toasts.tsx'

/** Who may see nothing yet is asked who that is, and the farm is not asked for anything. */
export function App() {
  const who = useStore(me)
  const [location] = useLocation()
  const known = who !== undefined && who.kind !== 'nobody'
  useEffect(() => {
    if (known) startLive()
  }, [known])
  if (who === undefined) return null
  if (location === '/firstadmin') return <FirstAdmin />
  return known ? <Farm /> : <SignInPage />
}

function Farm() {
  const who = useStore(me)
  return (
    <>
      <TopBar />
      <main className="main">
        <Switch>
          {sectionsFor(who).map(({ pattern, view }) => (
            <Route key={pattern} path={pattern} component={view} />
          ))}
          <Route path="/job/:id" component={JobView} />
          <Route>
            <Redirect to="/jobs" replace />
          </Route>
        </Switch>
      </main>
      <Palette />
      <Shortcuts />
      <Toasts />
    </>
  )
}
