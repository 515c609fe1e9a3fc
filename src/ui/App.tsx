import { useEffect } from 'react'
import { Redirect, Route, Switch, useLocation } from 'wouter'
import { startLive } from './data/live.ts'
import { me } from './data/me.ts'
import { useStore } from './data/store.ts'
import { Boundary } from './parts/Failed.tsx'
import { later } from './parts/later.tsx'
import { sectionsFor } from './sections.ts'
import { TopBar } from './shell/TopBar.tsx'
import { Toasts } from './shell/toasts.tsx'

const FirstAdmin = later(async () => (await import('./account/FirstAdmin.tsx')).FirstAdmin)
const ProviderAnswer = later(async () => (await import('./account/ProviderAnswer.tsx')).ProviderAnswer)
const SignInPage = later(async () => (await import('./account/SignIn.tsx')).SignInPage)
const JobView = later(async () => (await import('./job/JobView.tsx')).JobView)
const Palette = later(async () => (await import('./shell/Palette.tsx')).Palette, { whenIdle: true })
const Shortcuts = later(async () => (await import('./shell/Shortcuts.tsx')).Shortcuts, { whenIdle: true })

/** Who may see nothing yet is asked who that is, and the farm is not asked for anything. */
export function App() {
  const who = useStore(me)
  const [location] = useLocation()
  const known = who?.kind !== 'nobody'
  useEffect(() => {
    if (known) startLive()
  }, [known])
  if (location === '/firstadmin') return <FirstAdmin />
  if (location === '/oidc/callback') return <ProviderAnswer />
  return known ? <Farm /> : <SignInPage />
}

function Farm() {
  const who = useStore(me)
  const [location] = useLocation()
  return (
    <>
      <TopBar />
      <main className="main">
        <Boundary place={location}>
          <Switch>
            {sectionsFor(who).map(({ pattern, view }) => (
              <Route key={pattern} path={pattern} component={view} />
            ))}
            <Route path="/job/:id" component={JobView} />
            <Route>
              <Redirect to="/jobs" replace />
            </Route>
          </Switch>
        </Boundary>
      </main>
      <Palette />
      <Shortcuts />
      <Toasts />
    </>
  )
}
