import type { FarmHistory } from '../../answers.ts'

export interface Utilisation {
  /** Of the active workers, how many were busy: 0 to 1. */
  share: number
  /** When it is not known of the whole time: from when on. Who was active before the server started, nothing says. */
  since?: number
}

/** Where both are known; undefined: nowhere, or nobody was active. Pure. */
export function utilisation({ times, busy, active }: FarmHistory): Utilisation | undefined {
  let [used, had] = [0, 0]
  let first: number | undefined
  for (const [i, present] of active.entries()) {
    const working = busy[i]
    if (present === null || working === null || working === undefined) continue
    first ??= i
    used += working
    had += present
  }
  if (had === 0 || first === undefined) return undefined
  const share = Math.min(1, used / had)
  return first === 0 ? { share } : { share, since: times[first] }
}
