/** Small parts of sentences. */
import type { GivingJvm } from '../facts/note-facts.js';

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

/** `zgc with heap_wave`, `jemalloc (dirty_decay_ms: 500) and g1 with malloc_churn` */
export function givingJvmText({ collector, allocator: { name, settings }, loads }: GivingJvm): string {
  const set = Object.entries(settings).map(([key, value]) => `${key}: ${value}`);
  const allocator = set.length === 0 ? name : `${name} (${set.join(', ')})`;
  const by = name === 'glibc' && set.length === 0 ? collector : `${allocator} and ${collector}`;
  return loads.length === 0 ? by : `${by} with ${listed([...new Set(loads)])}`;
}

export function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
