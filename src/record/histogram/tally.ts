/**
 * Sums HdrHistograms in the V2 encoding (compressed, base64) into counters of the board's layout. Memory is bounded
 * whatever the text contains. The library's decoder cannot promise that: it inflates without a limit, and silently
 * rounds counts beyond 2^53. Errors here name no file or line: the caller adds them.
 *
 * Encoding, big-endian: cookie 0x1c849304, length, deflated { cookie 0x1c849303, payload length, normalising offset,
 * digits, lowest and highest value (8 bytes each), a ratio, payload }. The payload has the counters in order, as ZigZag
 * LEB128 of at most 9 bytes: a positive number is a count, a negative number is a run of that many counters of 0. It is
 * in the order of the values whatever the normalising offset.
 */
import { inflateSync } from 'node:zlib';
import { emptyCounts, highestOfIndex, indexOfValue, lastUsedIndex, valueOfIndex, type SparseCounts } from './counts.js';

/** A histogram of 3 digits over 64 bits has at most 0.5 MB of counters, however large the counts. */
const mostBytes = 4 * 2 ** 20;
const outerCookie = 0x1c849304;
const innerCookie = 0x1c849303;
/** Cookies carry a word size in these bits. */
const wordSize = 0xf0;

export interface Tally {
  /** Adds a histogram. If it throws, nothing was added. */
  add(base64: string): void;
  /**
   * The counts so far, to three digits: extremes come from the counters' edges, the sum from their middles. Values
   * above one hour are in the last counter.
   */
  counts(): SparseCounts;
}

export function createTally(): Tally {
  const counters = new Float64Array(lastUsedIndex + 1);
  let n = 0;
  return {
    add(base64) {
      const decoded = decode(base64);
      if (n + decoded.n > Number.MAX_SAFE_INTEGER)
        throw new Error('the sum of its counts exceeds 2^53 and would not be exact');
      n += decoded.n;
      for (const [position, index] of decoded.index.entries())
        counters[index] = (counters[index] ?? 0) + (decoded.count[position] ?? 0);
    },
    counts() {
      const index = Uint32Array.from(counters.keys()).filter((i) => (counters[i] ?? 0) > 0);
      return sparse(
        index,
        Float64Array.from(index, (i) => counters[i] ?? 0),
        n,
      );
    },
  };
}

/** A single histogram; extremes and sum as in a tally. */
export function decodeCounts(base64: string): SparseCounts {
  const { n, index, count } = decode(base64);
  return sparse(new Uint32Array(index), new Float64Array(count), n);
}

interface Decoded {
  readonly n: number;
  readonly index: readonly number[];
  readonly count: readonly number[];
}

function decode(base64: string): Decoded {
  // Node's base64 decoder skips invalid characters, so it could accept a line that was cut off.
  if (base64.length % 4 !== 0 || !/^[\w+/]+={0,2}$/.test(base64))
    throw new Error('its histogram is cut off or is not base64');
  const histogram = inflate(Buffer.from(base64, 'base64'));
  if (histogram.length < 40 || withoutWordSize(histogram.readUInt32BE(0)) !== innerCookie)
    throw new Error('it has no histogram in the V2 encoding');
  const payload = histogram.subarray(40, 40 + histogram.readUInt32BE(4));
  if (payload.length !== histogram.readUInt32BE(4)) throw new Error('its histogram is cut off');
  const digits = histogram.readUInt32BE(12);
  if (digits > 5) throw new Error(`its histogram claims ${digits} significant digits; at most 5 are allowed`);
  const indexOf = indexMapping(digits, Number(histogram.readBigUInt64BE(16)));
  const index: number[] = [];
  const count: number[] = [];
  let n = 0;
  readCounts(payload, (position, times) => {
    const target = indexOf(position);
    // Several counters of a finer histogram map to the same counter here.
    if (index.at(-1) === target) count[count.length - 1] = (count.at(-1) ?? 0) + times;
    else {
      index.push(target);
      count.push(times);
    }
    n += times;
  });
  return { n, index, count };
}

function inflate(bytes: Buffer): Buffer {
  if (bytes.length < 9 || withoutWordSize(bytes.readUInt32BE(0)) !== outerCookie)
    throw new Error('its histogram is not in the V2 compressed encoding');
  const length = bytes.readUInt32BE(4);
  if (length > bytes.length - 8) throw new Error('its histogram is cut off');
  try {
    return inflateSync(bytes.subarray(8, 8 + length), { maxOutputLength: mostBytes });
  } catch (cause) {
    const tooLarge = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw new Error(
      tooLarge
        ? `its histogram inflates to more than ${mostBytes} bytes, which no histogram needs`
        : `its histogram does not inflate (${(cause as Error).message})`,
      { cause },
    );
  }
}

function withoutWordSize(cookie: number): number {
  return (cookie & ~wordSize) >>> 0;
}

/** Maps a counter of the encoded histogram to ours, by the middle of its values. */
function indexMapping(digits: number, lowest: number): (position: number) => number {
  const unitMagnitude = Math.floor(Math.log2(Math.max(1, lowest)));
  const half = 2 ** (Math.ceil(Math.log2(2 * 10 ** digits)) - 1);
  if (unitMagnitude === 0 && half === 1024) return (position) => Math.min(position, lastUsedIndex);
  return (position) => {
    const bucket = Math.max(Math.floor(position / half) - 1, 0);
    const width = 2 ** (bucket + unitMagnitude);
    return indexOfValue((position - bucket * half) * width + Math.floor(width / 2));
  };
}

function readCounts(payload: Buffer, use: (position: number, count: number) => void): void {
  let position = 0;
  for (let at = 0; at < payload.length;) {
    let value = 0;
    let scale = 1;
    let byte: number;
    let length = 0;
    do {
      if (at >= payload.length) throw new Error('its histogram is cut off');
      byte = payload[at] ?? 0;
      at += 1;
      length += 1;
      // The ninth byte has no continuation bit: all of its 8 bits count.
      value += (length === 9 ? byte : byte & 0x7f) * scale;
      scale *= 128;
    } while (byte >= 0x80 && length < 9);
    const size = Math.ceil(value / 2);
    if (size > Number.MAX_SAFE_INTEGER)
      throw new Error('its histogram has a count that exceeds 2^53 and would not be exact');
    if (value % 2 === 1) position += size;
    else {
      if (size > 0) use(position, size);
      position += 1;
    }
  }
}

/** Indexes are ascending. */
function sparse(index: Uint32Array, count: Float64Array, n: number): SparseCounts {
  if (n === 0) return emptyCounts();
  let sum_ns = 0;
  for (let position = 0; position < index.length; position += 1) {
    const i = index[position] ?? 0;
    sum_ns += (count[position] ?? 0) * Math.floor((valueOfIndex(i) + highestOfIndex(i) + 1) / 2);
  }
  return {
    n,
    min_ns: valueOfIndex(index[0] ?? 0),
    max_ns: highestOfIndex(index.at(-1) ?? 0),
    sum_ns,
    overRange: 0,
    index,
    count,
  };
}
