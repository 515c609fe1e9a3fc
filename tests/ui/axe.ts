import axe from 'axe-core'
import type { Page } from 'playwright-core'

/** What axe finds wrong with what is on the screen now; nothing: an empty list. */
export async function violations(page: Page): Promise<string[]> {
  // By evaluate, which the page's policy does not bind, and not by a script element.
  await page.evaluate(axe.source)
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: typeof import('axe-core') }
    const { violations } = await axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
    })
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
  })
}
