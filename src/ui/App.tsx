import { Redirect, Route, Switch } from 'wouter'
import { JobView } from './job/JobView.tsx'
import { SECTIONS } from './sections.ts'
import { Palette } from './shell/Palette.tsx'
import { Shortcuts } from './shell/Shortcuts.tsx'
import { TopBar } from './shell/TopBar.tsx'
import { Toasts } from './shell/toasts.tsx'

export function App() {
  return (
    <>
      <TopBar />
      <main className="main">
        <Switch>
          {SECTIONS.map(({ pattern, view }) => (
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
