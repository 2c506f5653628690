/** What a refusal means for an operation whose memory pauselab chose. */

/** Only an operation that maps again what it has unmapped meets EEXIST. */
export function errnoText(errno: string): string {
  return errno === 'EEXIST' ? 'EEXIST: another mapping of the process is at that address' : errno;
}
