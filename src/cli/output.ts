/** Text for stdout, as much at a time as the reader takes: a log of gigabytes does not pile up in memory. */
export async function write(text: string): Promise<void> {
  if (text === '' || process.stdout.write(text)) return
  await new Promise<void>((resolve) => process.stdout.once('drain', resolve))
}

export const print = (text: string): Promise<void> => write(`${text}\n`)

/** The API's answer for scripts; indented, so that a person can read it too. */
export const printJson = (answer: unknown): Promise<void> => print(JSON.stringify(answer, null, 2))

/** A list as the API sends it, piece by piece: a million jobs are not held in memory. */
export async function copyJson(response: Response): Promise<void> {
  const decoder = new TextDecoder()
  const source = response.body?.getReader()
  for (;;) {
    const { value, done } = (await source?.read()) ?? { done: true, value: undefined }
    if (done) break
    await write(decoder.decode(value, { stream: true }))
  }
  await write('\n')
}

/** `coalition jobs list | head`: the reader has what it wanted, and that is no fault of ours. */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' || error.code === 'EOF' ? 0 : 1)
  })
}
