interface BarProps {
  /** From left to right: how much of the whole, 0 to 1, and in which colour; default: that of the state. */
  parts: readonly { share: number; colour?: string }[]
  state?: string
}

/** One painted element: with one for each part, cut off at the round ends, a table that scrolls had a third more layers to sort. */
export function Bar({ parts, state }: BarProps) {
  return (
    <span
      className="progress-bar"
      aria-hidden="true"
      data-state={state}
      style={{ backgroundImage: `linear-gradient(90deg, ${stops(parts)})` }}
    />
  )
}

function stops(parts: BarProps['parts']): string {
  let at = 0
  const painted = parts.map(({ share, colour = 'var(--state)' }) => {
    const from = at
    at += 100 * share
    return `${colour} ${from}% ${at}%`
  })
  return [...painted, `transparent ${at}%`].join(', ')
}
