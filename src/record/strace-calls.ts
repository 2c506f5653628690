/**
 * Counts system calls that map memory or give it back, from the output of strace (`-f --decode-pids=comm -o FILE`): the
 * proof that a profile causes the calls that it claims. Pure.
 */
import { linesOf } from '../base/text/lines.js';

/** `madvise.FREE`, `mmap.NONE` and so on: see `kindOf`. */
export interface CallCount {
  readonly call: string;
  /** The calling thread's name, at most 15 characters. */
  readonly by: string;
  readonly n: number;
  readonly bytes: number;
}

export interface StraceCalls {
  readonly counts: readonly CallCount[];
  /** Calls that the kernel refused; they are in no count. */
  readonly refused_n: number;
  /**
   * Calls whose end was not seen. They are counted, because all of these calls take their lock before they can fail.
   */
  readonly unfinished_n: number;
}

/**
 * `123<G1 Service> mmap(0x…, 4096, …) = 0x…`. The thread's name may contain anything, so it ends at the first `>` that
 * a call follows.
 */
const lineForm = /^(\d+)<(.*?)>\s+(?:(\w+)\((.*)|<\.\.\. (\w+) resumed>(.*))$/;

export function countCalls(text: string): StraceCalls {
  const counts = new Map<string, { call: string; by: string; n: number; bytes: number }>();
  const open = new Map<string, { by: string; name: string; args: string }>();
  let refused_n = 0;
  const add = (by: string, name: string, args: string, end: string): void => {
    const { call, bytes } = kindOf(name, args, end);
    const key = `${by}\n${call}`;
    const count = counts.get(key) ?? { call, by, n: 0, bytes: 0 };
    counts.set(key, { ...count, n: count.n + 1, bytes: count.bytes + bytes });
  };
  for (const line of linesOf(text)) {
    const [, pid, by, name, rest, resumed, end] = lineForm.exec(line) ?? [];
    if (pid === undefined || by === undefined) continue;
    if (name !== undefined && rest !== undefined) {
      const cut = rest.indexOf(' <unfinished ...>');
      if (cut >= 0) open.set(pid, { by, name, args: rest.slice(0, cut) });
      else if (isRefused(rest)) refused_n += 1;
      else add(by, name, rest, rest);
    } else if (resumed !== undefined && end !== undefined) {
      const begun = open.get(pid);
      open.delete(pid);
      if (begun === undefined) continue;
      if (isRefused(end)) refused_n += 1;
      else add(begun.by, begun.name, begun.args, end);
    }
  }
  for (const { by, name, args } of open.values()) add(by, name, args, '');
  return { counts: [...counts.values()], refused_n, unfinished_n: open.size };
}

function isRefused(text: string): boolean {
  return /\)\s+= -1 E/.test(text);
}

/** The result of process_madvise. */
function advisedBytes(end: string): number | null {
  const [, bytes] = /\)\s+= (\d+)$/.exec(end.trimEnd()) ?? [];
  return bytes === undefined ? null : Number(bytes);
}

function printedBytes(args: string): number {
  return [...args.matchAll(/iov_len=(\d+)/g)].reduce((sum, [, length]) => sum + Number(length), 0);
}

/**
 * The call with its advice or another argument that distinguishes calls of the same name; bytes as requested. `end` has
 * the result; it is empty for a call whose end was not seen.
 */
function kindOf(name: string, args: string, end: string): { call: string; bytes: number } {
  const parts = args.split(', ');
  const number = (index: number): number => Number.parseInt(parts[index] ?? '', 10) || 0;
  switch (name) {
    case 'madvise':
      return { call: `madvise.${/MADV_(\w+)/.exec(args)?.[1] ?? 'unknown'}`, bytes: number(1) };
    case 'process_madvise':
      return {
        call: `process_madvise.${/MADV_(\w+)/.exec(args)?.[1] ?? 'unknown'}`,
        // strace prints the first 32 ranges of up to 1024. The result has the bytes of all.
        bytes: advisedBytes(end) ?? printedBytes(args),
      };
    case 'mmap':
      // How HotSpot returns heap. Guard pages of threads are mapped in the same way, but by other threads.
      return {
        call:
          args.includes('PROT_NONE') && args.includes('MAP_FIXED') && args.includes('MAP_NORESERVE')
            ? 'mmap.NONE'
            : 'mmap',
        bytes: number(1),
      };
    case 'fallocate':
      return { call: args.includes('FALLOC_FL_PUNCH_HOLE') ? 'fallocate.PUNCH_HOLE' : 'fallocate', bytes: number(3) };
    // Its argument is an address, which shows neither direction nor size.
    case 'brk':
      return { call: name, bytes: 0 };
    default:
      return { call: name, bytes: number(1) };
  }
}
