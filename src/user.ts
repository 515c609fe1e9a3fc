/** Who runs this program, for the jobs that they submit. */
import { userInfo } from 'node:os'

/** Empty where the system has no name for them, as in a bare container; where USER is not set Bun says `unknown`. */
export function currentUser(env: Record<string, string | undefined> = process.env): string {
  try {
    const { username } = userInfo()
    if (username && username !== 'unknown') return username
  } catch {
    // A number without a name.
  }
  return env.LOGNAME ?? ''
}
