/** What is shown where a part of the page should be. */
import { Component, type ReactNode } from 'react'

export const Failed = ({ children }: { children: ReactNode }) => (
  <p className="nothing" role="alert">
    {children}{' '}
    <button type="button" className="button" onClick={() => location.reload()}>
      Reload
    </button>
  </p>
)

interface BoundaryProps {
  /** The address: another one is tried anew. */
  place: string
  children: ReactNode
}

/** What cannot be drawn takes itself away, and not all of the page with it: that is open for days. */
export class Boundary extends Component<BoundaryProps, { error: unknown }> {
  override state = { error: undefined }

  static getDerivedStateFromError = (error: unknown) => ({ error: error ?? 'unknown' })

  override componentDidUpdate({ place }: BoundaryProps): void {
    if (place !== this.props.place && this.state.error !== undefined) this.setState({ error: undefined })
  }

  override render(): ReactNode {
    if (this.state.error === undefined) return this.props.children
    return <Failed>This part of the page could not be drawn ({String(this.state.error)}).</Failed>
  }
}
