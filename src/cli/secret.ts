/** What must not stand on a command line, where every user of the machine reads it, and the shell's history keeps it. */
import { EXIT, Exit, failed } from './outcome.ts'

const LONGEST = 65_536
const [CTRL_C, CTRL_D, BACKSPACE, DELETE] = ['\u0003', '\u0004', '\b', '\u007f']

/** A line from the terminal without echo, or the first line of stdin. */
export const readSecret = (prompt: string): Promise<string> => (process.stdin.isTTY ? fromTerminal(prompt) : fromPipe())

/** A new password, twice where it cannot be seen. */
export async function readNewPassword(prompt: string): Promise<string> {
  const password = await readSecret(`${prompt}: `)
  if (process.stdin.isTTY && (await readSecret('Once more: ')) !== password)
    throw failed('the two are not the same: nothing was changed')
  return password
}

async function fromPipe(): Promise<string> {
  let text = ''
  const decoder = new TextDecoder()
  const source = Bun.stdin.stream().getReader()
  while (!text.includes('\n') && text.length <= LONGEST) {
    const { value, done } = await source.read()
    if (done) break
    text += decoder.decode(value, { stream: true })
  }
  // Whoever writes may keep the pipe open: that is not waited for.
  await source.cancel()
  const [line = ''] = text.split(/\r?\n/)
  if (line === '') throw failed('there is no password on stdin: pipe one line, or run this in a terminal')
  return line
}

function fromTerminal(prompt: string): Promise<string> {
  const { stdin, stderr } = process
  stderr.write(prompt)
  stdin.setRawMode(true)
  stdin.resume()
  stdin.setEncoding('utf8')
  return new Promise((resolve, reject) => {
    let typed: string[] = []
    const end = (act: () => void) => {
      stdin.off('data', hear)
      stdin.setRawMode(false)
      stdin.pause()
      stderr.write('\n')
      act()
    }
    const hear = (text: string) => {
      for (const key of text) {
        if (key === '\r' || key === '\n') return end(() => resolve(typed.join('')))
        if (key === CTRL_C || (key === CTRL_D && typed.length === 0)) return end(() => reject(new Exit(EXIT.failed)))
        if (key === BACKSPACE || key === DELETE) typed = typed.slice(0, -1)
        else if (key >= ' ' && typed.length < LONGEST) typed.push(key)
      }
    }
    stdin.on('data', hear)
  })
}
