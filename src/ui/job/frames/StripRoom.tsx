import { useRef } from 'react'
import { useSize } from '../../parts/useSize.ts'
import { stripLayout } from './stripLayout.ts'

/** As much room as the strip will take: nothing below it moves when its frames come. */
export function StripRoom({ total }: { total: number }) {
  const box = useRef<HTMLDivElement>(null)
  const { width } = useSize(box)
  const { lines, side } = stripLayout(total, width)
  return (
    <div className="strip">
      <div className="legend" />
      <div ref={box} className="strip-box">
        <div style={{ height: lines * side }} />
      </div>
    </div>
  )
}
