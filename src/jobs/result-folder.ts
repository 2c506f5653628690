/** Where results go that no --out names. */

/** Sorts by time. Two commands of the same second: the store adds a number (bundle/store.ts). */
export function resultFolder(name: string): string {
  const time = new Date()
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[:]/g, '');
  return `pauselab-results/${name}-${time}`;
}
