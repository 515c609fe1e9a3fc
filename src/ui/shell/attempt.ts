import { hearRefusal } from '../data/me.ts'
import { complain } from './toasts.tsx'

/** The news of a change comes within a tenth of a second of its answer: so long the page believes itself. */
const BELIEVE_MS = 1000

/**
 * Makes a call whose outcome the page shows already: `hopes` take that back. They go when the server said no, which is told
 * in its own words; or, when it said yes, as soon as its news must have come. Answers whether it was done.
 */
export async function attempt(
  failure: string,
  call: () => Promise<unknown>,
  hopes: readonly (() => void)[] = [],
): Promise<boolean> {
  const letGo = () => {
    for (const each of hopes) each()
  }
  try {
    await call()
    setTimeout(letGo, BELIEVE_MS)
    return true
  } catch (error) {
    letGo()
    hearRefusal(error)
    complain(failure, error)
    return false
  }
}
