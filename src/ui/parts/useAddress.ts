import { useCallback } from 'react'
import { useSearchParams } from 'wouter'

/** What the address bar says of a view, behind its `?`: it can be sent to a colleague. What is put there replaces, and is no step back. */
export function useAddress() {
  const [said, setSaid] = useSearchParams()
  const put = useCallback(
    (changes: Readonly<Record<string, string | undefined>>) =>
      setSaid(
        (before) => {
          const after = new URLSearchParams(before)
          for (const [name, value] of Object.entries(changes)) {
            if (value) after.set(name, value)
            else after.delete(name)
          }
          return after
        },
        { replace: true },
      ),
    [setSaid],
  )
  return { said, put }
}
