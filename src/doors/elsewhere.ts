/** Signing in by the provider, step by step; what the browser is sent and brings back is the routes' (http/provider.ts). */
import { FarmError, TooOften } from '../errors.ts'
import type { Attempts } from './attempts.ts'
import { Flows } from './flows.ts'
import type { Provider, Told } from './oidc.ts'
import type { Opened, Sessions } from './sessions.ts'

/** Each asks the provider, and waits for it. */
const AT_ONCE = 50

const TAKEN =
  'Somebody else has that name on this farm, or it may not sign in this way: an admin can change that, on the page or with `coalition users`.'

export type ProviderSignIn = ReturnType<typeof providerSignIn>

export function providerSignIn(
  provider: Provider,
  attempts: Attempts,
  openFound: Sessions['openFound'],
  clock: () => number,
) {
  const flows = new Flows()
  let running = 0

  async function ask<T>(work: () => Promise<T>): Promise<T> {
    if (running >= AT_ONCE)
      throw new FarmError('unavailable', 'Too many people sign in at this moment: try again in some seconds.')
    running++
    try {
      return await work()
    } finally {
      running--
    }
  }

  const open = ({ name, subject, found }: Told): Promise<Opened> =>
    openFound(name, 'oidc', found, { subject, refusal: TAKEN })

  return {
    label: provider.label,
    redirectBase: provider.redirectBase,

    /** `cookie`: what the browser has of one that it began before. */
    async begin(before: string | undefined, redirect: string): Promise<{ cookie: string; url: string }> {
      const { cookie, flow } = flows.begin(before, clock())
      return { cookie, url: await ask(() => provider.begin(flow, redirect)) }
    },

    async finish(
      cookie: string | undefined,
      redirect: string,
      answer: string,
      address: string | undefined,
    ): Promise<Opened> {
      const flow = cookie === undefined ? undefined : flows.find(cookie, clock())
      if (!flow)
        throw new FarmError(
          'unauthenticated',
          `This sign-in took too long, or was begun in another browser or at another address: begin again at ${new URL(redirect).origin}.`,
        )
      // Whatever is made up as an answer has the provider asked. By address alone: whose it is nobody knows yet.
      const wait = attempts.begin(undefined, address, clock())
      if (wait > 0) throw new TooOften(`Too many attempts that failed: try again in ${wait} s.`, wait)
      const told = await ask(() => provider.finish(flow, redirect, answer))
      attempts.succeeded(undefined, address)
      return open(told)
    },
  }
}
