/** The page of src/ui/ as the files a browser asks for. */
import { join } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'

/** As it goes over the wire, in base64: packed once, when the executable is made, and not while a browser waits. */
export interface PageFile {
  type: string
  gzip: string
  br: string
}
/** By the last part of their address; `index.html` is the page itself. */
export type PageFiles = Record<string, PageFile>

/** Where the page's files are. Their names carry a hash of what is in them. */
export const FILES = '/page/'

/** `small`: packed as well as can be, which takes two seconds. */
export async function bundlePage({ small }: { small: boolean }): Promise<PageFiles> {
  const { outputs } = await Bun.build({
    entrypoints: [join(import.meta.dir, 'ui', 'index.html')],
    target: 'browser',
    minify: true,
    splitting: true,
    publicPath: FILES,
    naming: { entry: '[name].[ext]', chunk: '[name]-[hash].[ext]', asset: '[name]-[hash].[ext]' },
    define: { 'process.env.NODE_ENV': '"production"' },
  })
  const files = outputs.map(async (file) => {
    const name = file.path.split(/[/\\]/).at(-1) ?? ''
    const bytes = new Uint8Array(await file.arrayBuffer())
    const quality = small ? constants.BROTLI_MAX_QUALITY : constants.BROTLI_MIN_QUALITY
    const gzip = Buffer.from(Bun.gzipSync(bytes, { level: small ? 9 : 1 }))
    const br = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } })
    return [name, { type: file.type, gzip: gzip.toString('base64'), br: br.toString('base64') }] as const
  })
  return Object.fromEntries(await Promise.all(files))
}
