/** What covers the page while it is open. Apart from the dialogs themselves, whose code comes later. */
import { Store } from '../data/store.ts'

export const paletteOpen = new Store(false)
export const shortcutsOpen = new Store(false)
