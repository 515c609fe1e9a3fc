/** Waiting that an AbortSignal ends early. */

/** Takes its listener off again: a run waits some 100,000 times on the same signal. */
export function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    // What is over already: Node's timers warn of it on stderr.
    const timer = setTimeout(done, Math.max(0, milliseconds))
    signal.addEventListener('abort', done)
  })
}

const FIRST_SECONDS = 0.25
/** A server that is back is found within this time, and a thousand workers do not ask more than 200 times a second. */
const LONGEST_SECONDS = 10

/** `random` in [0, 1): half of the time is chance, so that workers which lost the server together do not return together. */
export const backoffSeconds = (failures: number, random: number): number =>
  Math.min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** Math.min(failures - 1, 10)) * (0.5 + random / 2)
