import type { ReactNode } from 'react'
import { Problem } from './Problem.tsx'

interface ViewProps {
  title: string
  /** The bar at the top: filters, what can be done. */
  head: ReactNode
  /** Why what is asked for was refused. */
  problem: string | undefined
  children: ReactNode
}

/** A page of the menu: its bar, what it shows, its foot. */
export function View({ title, head, problem, children }: ViewProps) {
  return (
    <div className="view">
      <h1 className="unseen">{title}</h1>
      <div className="view-head">{head}</div>
      <Problem words={problem} />
      {children}
    </div>
  )
}
