/** Where a server is, as people write it: `http://farm:19211`, `farm:19211`, `farm`, `[::1]:19211`. */
export const DEFAULT_PORT = 19211

/** The base of every call, without a slash at its end; undefined for what is no address. */
export function serverUrl(text: string): string | undefined {
  const written = text.trim()
  // `farm:19211` is a URL of the scheme `farm:` to a parser, so the scheme has to be looked for first.
  const bare = !written.includes('://')
  if (!URL.canParse(bare ? `http://${written}` : written)) return undefined
  const url = new URL(bare ? `http://${written}` : written)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined
  // `farm:80` has no port either once it is parsed: the text tells them apart.
  if (bare && url.port === '' && !/:80(\/|$)/.test(written)) url.port = String(DEFAULT_PORT)
  if (url.username || url.password || url.search || url.hash) return undefined
  return url.href.replace(/\/+$/, '')
}

export const isServerAddress = (text: string): boolean => serverUrl(text) !== undefined

/** How this machine reaches a server of its own that listens on all addresses; Windows connects to no 0.0.0.0. */
export const localUrl = (url: string): string => url.replace('//0.0.0.0', '//127.0.0.1').replace('//[::]', '//[::1]')
