/** Series of operations that take no lock which a holder could keep from them: `control.*`, the noise of the machine. */
export function isControlSeries(series: string): boolean {
  return series.startsWith('control.');
}
