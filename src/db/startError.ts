/** A start that cannot succeed, in one sentence for the person who started the server. */
export class StartError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'StartError'
  }
}

export const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error))
