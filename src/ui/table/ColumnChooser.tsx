import { Popover } from '@base-ui/react/popover'
import { Icon } from '../parts/Icon.tsx'
import type { ColumnModel } from './columns.ts'

/** Which columns, in which order: by mouse and by keyboard. */
export function ColumnChooser<R, P>({ model }: { model: ColumnModel<R, P> }) {
  return (
    <Popover.Root>
      <Popover.Trigger className="icon-button choose-columns" aria-label="Columns" title="Columns">
        <Icon name="columns" />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner className="popup-place" sideOffset={4} align="end">
          <Popover.Popup className="menu chooser">
            <Popover.Title className="menu-title">Columns</Popover.Title>
            <ul>
              {model.all.map(({ id, label, fixed }, i) => (
                <li key={id}>
                  <label>
                    <input
                      type="checkbox"
                      checked={model.isShown(id)}
                      disabled={fixed}
                      onChange={(event) => model.show(id, event.target.checked)}
                    />
                    {label}
                  </label>
                  <button
                    type="button"
                    className="icon-button"
                    aria-label={`${label} further left`}
                    disabled={i === 0}
                    onClick={() => model.move(id, -1)}
                  >
                    <Icon name="up" />
                  </button>
                  <button
                    type="button"
                    className="icon-button"
                    aria-label={`${label} further right`}
                    disabled={i === model.all.length - 1}
                    onClick={() => model.move(id, 1)}
                  >
                    <Icon name="down" />
                  </button>
                </li>
              ))}
            </ul>
            <button type="button" className="button" onClick={model.reset}>
              As it was at first
            </button>
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  )
}
