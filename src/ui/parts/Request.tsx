/** What will be sent, as somebody would write it in a script. */
export function Request({ method, path, body }: { method: string; path: string; body: unknown }) {
  return (
    <details className="request" open>
      <summary>
        Will be sent: {method} {path}
      </summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to get there. */}
      <pre tabIndex={0}>{JSON.stringify(body, null, 2)}</pre>
    </details>
  )
}
