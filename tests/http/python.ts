/** The Pythons of this machine: old workers run on either. */
const runs = (name: string): boolean => {
  try {
    return Bun.spawnSync([name, '--version'], { stdout: 'ignore', stderr: 'ignore' }).success
  } catch {
    return false
  }
}

export const PYTHONS = ['python3', 'python2.7'].filter(runs)

/** Runs a program and answers what it prints. */
export async function python(interpreter: string, program: string, input: string, ...args: string[]): Promise<string> {
  const child = Bun.spawn([interpreter, '-c', program, ...args], {
    stdin: new TextEncoder().encode(input),
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  if (code !== 0) throw new Error(`${interpreter} ended with ${code}: ${err}`)
  return out
}

/** What each text is as Python source, evaluated as the old worker does it: bytes, by `eval`. */
export async function evaluated(interpreter: string, sources: readonly string[]): Promise<unknown[]> {
  const program = `
import json, sys
print(json.dumps([eval(source.encode('ascii')) for source in json.load(sys.stdin)]))
`
  return JSON.parse(await python(interpreter, program, JSON.stringify(sources)))
}
