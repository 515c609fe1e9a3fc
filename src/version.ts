import { version } from '../package.json'

/** Written down once, in package.json; the bundler takes this one string into the executable. */
export const VERSION: string = version
