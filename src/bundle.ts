/** The page of src/ui/ as the files a browser asks for. */
import { join } from 'node:path'

export interface PageFile {
  type: string
  text: string
}
/** By the last part of their address; `index.html` is the page itself. */
export type PageFiles = Record<string, PageFile>

/** Where the page's files are. Their names carry a hash of what is in them. */
export const FILES = '/page/'

export async function bundlePage(): Promise<PageFiles> {
  const { outputs } = await Bun.build({
    entrypoints: [join(import.meta.dir, 'ui', 'index.html')],
    target: 'browser',
    minify: true,
    publicPath: FILES,
    naming: { entry: '[name].[ext]', chunk: '[name]-[hash].[ext]', asset: '[name]-[hash].[ext]' },
    define: { 'process.env.NODE_ENV': '"production"' },
  })
  const files = outputs.map(async (file) => {
    const name = file.path.split(/[/\\]/).at(-1) ?? ''
    return [name, { type: file.type, text: await file.text() }] as const
  })
  return Object.fromEntries(await Promise.all(files))
}
