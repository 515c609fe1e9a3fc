/** The end of a command that runs until it is told to: the first signal asks, the second insists. */

/**
 * A terminal that closes hangs up. Under nohup neither stream is a terminal, and listening for SIGHUP would undo what
 * nohup is for. Windows sends SIGHUP when its console is closed, SIGBREAK for Ctrl-Break, and knows no SIGTERM.
 */
export function stopSignals(platform: NodeJS.Platform, onTerminal: boolean): NodeJS.Signals[] {
  if (platform === 'win32') return ['SIGINT', 'SIGBREAK', 'SIGHUP']
  return onTerminal ? ['SIGINT', 'SIGTERM', 'SIGHUP'] : ['SIGINT', 'SIGTERM']
}

const EXIT_BY_SIGNAL = 128
const NUMBERS: Partial<Record<NodeJS.Signals, number>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15, SIGBREAK: 21 }

export function untilSignal(): AbortSignal {
  const stop = new AbortController()
  const terminal = Boolean(process.stdout.isTTY || process.stderr.isTTY)
  for (const name of stopSignals(process.platform, terminal)) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(EXIT_BY_SIGNAL + (NUMBERS[name] ?? 0))
      stop.abort()
    })
  }
  return stop.signal
}

export const aborted = (signal: AbortSignal): Promise<void> =>
  signal.aborted ? Promise.resolve() : new Promise((resolve) => signal.addEventListener('abort', () => resolve()))

/** A socket that some client keeps open must not keep a stopped service alive. */
export function endService(code: number): never {
  process.exit(code)
}
