import { CSPProvider } from '@base-ui/react/csp-provider'
import { QueryClientProvider } from '@tanstack/react-query'
import { createRoot } from 'react-dom/client'
import { App } from './App.tsx'
import { queries } from './data/live.ts'
import { askWhoIAm } from './data/me.ts'
import { startShortcuts } from './shell/commands.ts'
import { startTheme } from './shell/theme.ts'

startTheme()
askWhoIAm()
startShortcuts()
const root = document.getElementById('root')
if (root)
  createRoot(root).render(
    // The page's policy allows no style elements, and its own sheets say what they would.
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queries}>
        <App />
      </QueryClientProvider>
    </CSPProvider>,
  )
