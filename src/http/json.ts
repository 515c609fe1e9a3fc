import { SECURE } from './headers.ts'

/** Elysia answers a number as text/plain; this API answers JSON, always (`rest_api.rst`). */
export const json = (value: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(value), {
    status,
    headers: { ...SECURE, 'content-type': 'application/json', ...headers },
  })

/** What every changing call of `rest_api.rst` answers. */
export const done = (): Response => json(1)

/** A list of any length, written a page at a time: only one page is in memory. */
export function jsonList(pages: Iterator<readonly unknown[]>, pageSize: number): Response {
  const first = pages.next()
  if (first.done) return json([])
  if (first.value.length < pageSize) return json(first.value)
  const encoder = new TextEncoder()
  let text = `[${inner(first.value)}`
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(encoder.encode(text))
      const next = pages.next()
      if (next.done) {
        controller.enqueue(encoder.encode(']'))
        controller.close()
      } else text = `,${inner(next.value)}`
    },
    cancel() {
      pages.return?.()
    },
  })
  return new Response(stream, { headers: { ...SECURE, 'content-type': 'application/json' } })
}

const inner = (items: readonly unknown[]) => JSON.stringify(items).slice(1, -1)

/** A text of any length as one JSON string, written piece by piece. */
export function jsonText(pieces: Iterable<string>, headers: Record<string, string>): Response {
  const encoder = new TextEncoder()
  const iterator = pieces[Symbol.iterator]()
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode('"'))
    },
    pull(controller) {
      const next = iterator.next()
      controller.enqueue(encoder.encode(next.done ? '"' : JSON.stringify(next.value).slice(1, -1)))
      if (next.done) controller.close()
    },
  })
  return new Response(stream, { headers: { ...SECURE, 'content-type': 'application/json', ...headers } })
}

/** Bytes of any number, written piece by piece, to be kept as a file and never shown as a page. */
export function fileOf(pieces: Iterable<Uint8Array>, name: string, headers: Record<string, string>): Response {
  const iterator = pieces[Symbol.iterator]()
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const next = iterator.next()
      if (next.done) controller.close()
      else controller.enqueue(next.value)
    },
    cancel() {
      iterator.return?.()
    },
  })
  return new Response(stream, {
    headers: {
      ...SECURE,
      'content-type': 'text/plain; charset=utf-8',
      'content-disposition': `attachment; filename="${name}"`,
      ...headers,
    },
  })
}
