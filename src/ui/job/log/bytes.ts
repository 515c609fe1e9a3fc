const UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

/** 812 B, 4.2 MB: as disks count, in thousands. */
export function bytesWord(bytes: number): string {
  let [value, unit] = [bytes, 0]
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`
}
