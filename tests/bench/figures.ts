/** Numbers from many measurements, and numbers as people read them. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

export const median = (values: readonly number[]): number => percentile(values, 0.5)

export const count = (value: number) => Math.round(value).toLocaleString('en-US')
export const ms = (value: number) => `${value < 10 ? value.toFixed(1) : count(value)} ms`
export const percent = (value: number) => `${(value * 100).toFixed(value < 0.1 ? 1 : 0)} %`
export const megabytes = (value: number) => `${count(value)} MB`
