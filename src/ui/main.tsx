import { CSPProvider } from '@base-ui/react/csp-provider'
import { QueryClientProvider } from '@tanstack/react-query'
import { createRoot } from 'react-dom/client'
import { App } from './App.tsx'
import { queries } from './data/live.ts'
import { askWhoIAm, me } from './data/me.ts'
import { loadTheRest } from './parts/later.tsx'
import { startShortcuts } from './shell/commands.ts'
import { startTheme } from './shell/theme.ts'

startTheme()
startShortcuts()
const place = document.getElementById('root')
if (place) {
  // Until it is known who looks, the bar of the HTML stands there: there is nothing else to show.
  const leave = me.subscribe(() => {
    leave()
    createRoot(place).render(
      // The page's policy allows no style elements, and its own sheets say what they would.
      <CSPProvider disableStyleElements>
        <QueryClientProvider client={queries}>
          <App />
        </QueryClientProvider>
      </CSPProvider>,
    )
  })
}
void askWhoIAm()
loadTheRest()
