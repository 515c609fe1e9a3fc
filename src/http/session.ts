/** The cookie of a session. */
/**
 * No script reads it, and no form of another site brings it. Over TLS it never travels in clear, and its name keeps other
 * hosts of the domain from planting one.
 */
export function sessionCookie(overTls: boolean, secret: string, seconds: number): string {
  const flags = ['Path=/', 'HttpOnly', 'SameSite=Lax', `Max-Age=${seconds}`, ...(overTls ? ['Secure'] : [])]
  return [`${overTls ? '__Host-' : ''}coalition_session=${secret}`, ...flags].join('; ')
}
