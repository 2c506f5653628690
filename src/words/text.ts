/** Small parts of sentences. */

/** `1 stall`, `2 stalls`. */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
}

/** `\`holder\` (madvise_free across VMAs)`. */
export function holderText({ thread, call }: { readonly thread: string; readonly call: string | null }): string {
  return `\`${thread}\`${call === null ? '' : ` (${call})`}`;
}

export function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
