const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** "812 B", "1.5 GiB", "12 GiB": one decimal below ten, unless it is zero. */
export function formatBytes(size: number): string {
  let value = size
  let unit = 0
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024
    unit += 1
  }
  const digits = unit === 0 || value >= 10 || Number.isInteger(value) ? 0 : 1
  return `${value.toFixed(digits)} ${UNITS[unit]}`
}
