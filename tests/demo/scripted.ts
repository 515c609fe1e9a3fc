/** A server that answers what a test says: for the faults that the real one does not have on demand. */
export interface Call {
  method: string
  path: string
  body: unknown
}

export function scripted(answer: (call: Call) => unknown) {
  const calls: Call[] = []
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      const text = await request.text()
      const { pathname: path } = new URL(request.url)
      const call: Call = { method: request.method, path, body: text === '' ? undefined : JSON.parse(text) }
      calls.push(call)
      const value = answer(call)
      return value instanceof Response ? value : Response.json(value)
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    calls,
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}
