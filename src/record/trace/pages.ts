/**
 * Reads pages of the kernel's ring buffer, as per_cpu/cpuN/trace_pipe_raw returns them. A page has its time, the length
 * of its records (`commit`, whose bits above the lowest 20 are flags for lost events), and records: 5 bits of type or
 * length, 27 bits of time since the previous record, then the event. Types: 1 to 28 mean that many words of 4 bytes; 0
 * means that the next word has the length; 29 is padding; 30 a longer time; 31 an absolute time. Source:
 * Documentation/trace/ring-buffer-map.rst and Documentation/trace/ring-buffer-design.rst of Linux, events/header_event.
 */
import type { PageLayout } from './format.js';

export interface RawEvent {
  readonly time_ns: bigint;
  /** Where the event's data start, and their maximum size. */
  readonly at: number;
  readonly bytes: number;
}

const lengthMask = 0xfffff;
const missedEvents = 2 ** 31;
const [padding, timeExtend, timeStamp] = [29, 30, 31];
/** An absolute time has 59 bits; the page's time gives the rest. */
const stampBits = 59n;

export interface Pages {
  readonly events: readonly RawEvent[];
  /** Pages with a flag for events lost before them. */
  readonly gaps_n: number;
  /** Malformed pages or records. */
  readonly broken_n: number;
}

export function readPages(view: DataView, layout: PageLayout): Pages {
  const events: RawEvent[] = [];
  let gaps_n = 0;
  let broken_n = 0;
  for (let page = 0; page + layout.pageBytes <= view.byteLength; page += layout.pageBytes) {
    const commit = view.getUint32(page + layout.commitOffset, true);
    const end = page + layout.dataOffset + (commit & lengthMask);
    if (commit >= missedEvents) gaps_n += 1;
    if (end > page + layout.pageBytes) broken_n += 1;
    else if (!readPage(view, page, end, layout, events)) broken_n += 1;
  }
  return { events, gaps_n, broken_n };
}

/** False if a record reaches beyond the page's end. */
function readPage(view: DataView, page: number, end: number, layout: PageLayout, events: RawEvent[]): boolean {
  let time_ns = view.getBigUint64(page + layout.timeOffset, true);
  let at = page + layout.dataOffset;
  while (at + 4 <= end) {
    const head = view.getUint32(at, true);
    const type = head & 0x1f;
    const delta = head >>> 5;
    at += 4;
    if (type === padding) {
      // Without a time, it fills the rest of the page.
      if (delta === 0) return true;
      if (at + 4 > end) return false;
      at += view.getUint32(at, true);
    } else if (type === timeExtend || type === timeStamp) {
      if (at + 4 > end) return false;
      const whole = (BigInt(view.getUint32(at, true)) << 27n) + BigInt(delta);
      time_ns = type === timeExtend ? time_ns + whole : ((time_ns >> stampBits) << stampBits) + whole;
      at += 4;
    } else {
      time_ns += BigInt(delta);
      const isLong = type === 0;
      if (isLong && at + 4 > end) return false;
      // The length of a long record includes the length word.
      const bytes = isLong ? view.getUint32(at, true) - 4 : type * 4;
      if (isLong) at += 4;
      if (bytes < 0 || at + bytes > end) return false;
      events.push({ time_ns, at, bytes });
      at += (bytes + 3) & ~3;
    }
  }
  return true;
}
