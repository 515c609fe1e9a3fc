/** What stands for a person without being a password: tokens and sessions. */
import { randomBytes } from 'node:crypto'

/** A token begins with this, so that whoever finds one in a log or a repository knows what it is, and scanners do. */
const PREFIX = 'coa_'
const BYTES = 32
/** 32 bytes in base64url. */
const SHAPE = /^[A-Za-z0-9_-]{43}$/

export const newSession = (): string => randomBytes(BYTES).toString('base64url')
export const newToken = (): string => PREFIX + newSession()

/** What is no secret of ours is not looked up: it may be of any length. */
export const isSession = (text: string): boolean => SHAPE.test(text)
export const isToken = (text: string): boolean => text.startsWith(PREFIX) && SHAPE.test(text.slice(PREFIX.length))

/**
 * What is kept of a secret: who reads the database or a backup cannot sign in with it. SHA-256 and not argon2: of 256
 * random bits there is nothing to guess, and this is asked with each request (1 µs against 20 ms and 19 MB).
 */
export const hashOf = (secret: string): string => new Bun.CryptoHasher('sha256').update(secret).digest('hex')
