/** Calls as a client makes them that is told the truth: an answer, or that there was none. */

/** The connection broke before the answer: what was asked may have been done or not. */
export class Cut extends Error {}

export async function ask<T>(url: string, method: string, path: string, body?: unknown): Promise<T> {
  let status: number
  let text: string
  try {
    const response = await fetch(url + path, {
      method,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(20_000),
    })
    status = response.status
    text = await response.text()
  } catch (error) {
    throw new Cut(`${method} ${path}: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (status !== 200) throw new Error(`${method} ${path} ${JSON.stringify(body)} was answered ${status}: ${text}`)
  return JSON.parse(text) as T
}
