/** Small signs in the colour of the text around them, 16 × 16. */
const PATHS = {
  close: 'M4 4l8 8M12 4l-8 8',
  open: 'M6 4l4 4-4 4',
  down: 'M4 6l4 4 4-4',
  up: 'M4 10l4-4 4 4',
  plus: 'M8 3v10M3 8h10',
  link: 'M6.5 4H4v8h8V9.5M9 3.5h3.5V7M12 4L7.5 8.5',
  filter: 'M2.5 4h11M4.5 8h7M6.5 12h3',
  columns: 'M3 3.5h10v9H3zM6.5 3.5v9M9.5 3.5v9',
  menu: 'M3 4.5h10M3 8h10M3 11.5h10',
  play: 'M5 3.5l7.5 4.5L5 12.5z',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  reset: 'M12.5 8a4.5 4.5 0 1 1-1.5-3.4M11.5 2v3h-3',
  edit: 'M3.5 12.5l.6-2.6 6.6-6.6 2 2-6.6 6.6z',
  trash: 'M3.5 4.5h9M6.5 4.5V3h3v1.5M5 4.5l.5 8.5h5l.5-8.5',
  moon: 'M12.5 9.5A5 5 0 0 1 6.5 3.500a5 5 0 1 0 6 6z',
  sun: 'M8 5.200a2.8 2.8 0 1 1 0 5.600a2.8 2.8 0 1 1 0-5.600M8 1.800v1.300M8 12.900v1.300M1.8 8h1.300M12.9 8h1.300M3.6 3.600l.9.9M11.5 11.500l.9.9M3.6 12.400l.9-.9M11.5 4.500l.9-.9',
  system: 'M2.5 3.500h11v7.500h-11zM6 13.500h4M8 11v2.5',
  help: 'M6 6.200a2 2 0 1 1 2.8 1.900c-.6.3-.8.7-.8 1.400M8 11.800v.2',
  search: 'M7 3a4 4 0 1 1 0 8a4 4 0 1 1 0-8M10 10l3.5 3.5',
  stop: 'M4.5 4.500h7v7h-7z',
  list: 'M5.5 4.500h8M5.5 8h8M5.5 11.500h8M2.5 4.500h.01M2.5 8h.01M2.5 11.500h.01',
  tiles: 'M2.5 3.500h4.500v3.500h-4.500zM9 3.500h4.500v3.500H9zM2.5 9.500h4.500v3.500h-4.500zM9 9.500h4.500v3.500H9z',
  info: 'M8 7.500v4M8 4.700v.01M8 2a6 6 0 1 1 0 12a6 6 0 1 1 0-12',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
} as const
export type IconName = keyof typeof PATHS

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  )
}
