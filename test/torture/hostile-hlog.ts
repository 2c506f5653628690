/** A line of a histogram log whose compression and checks are right, or nearly so, and whose content is anything. */
import { deflateSync } from 'node:zlib';
import { randomBelow, type Random } from '../../src/stats/prng.js';
import { oneOf } from './attempt.js';

/** What a V2 compressed histogram begins with (HdrHistogram, AbstractHistogram.java). */
const [outerCookie, innerCookie] = [0x1c849314, 0x1c849313];

export function hostileHlog(random: Random): string {
  return Array.from({ length: 1 + randomBelow(4, random) }, () => line(random)).join('');
}

function line(random: Random): string {
  /** Mostly what is right: else nothing behind the first check is reached. */
  const mostly = <T>(right: T, wrong: readonly T[]): T => (random() < 0.85 ? right : oneOf(wrong, random));
  const body = Buffer.concat(Array<Uint8Array>(mostly(1, [50, 20_000])).fill(payload(random)));
  const inner = Buffer.alloc(40);
  inner.writeUInt32BE(mostly(innerCookie, [0x1c849303, 0]), 0);
  inner.writeUInt32BE((body.length + mostly(0, [1, -1, 2 ** 31])) >>> 0, 4);
  inner.writeUInt32BE(mostly(3, [0, 5, 2 ** 31]), 12);
  inner.writeBigUInt64BE(1n, 16);
  inner.writeBigUInt64BE(3_600_000_000_000n, 24);
  const deflated = deflateSync(Buffer.concat([inner, body]));
  const outer = Buffer.alloc(8);
  outer.writeUInt32BE(mostly(outerCookie, [0x1c849304, 0]), 0);
  outer.writeUInt32BE((deflated.length + mostly(0, [1, -1, 2 ** 31])) >>> 0, 4);
  const head = mostly(oneOf(['Tag=a,0.000,1.000,1.0,', '0.0,1.0,1.0,', 'Tag=__proto__,0,1,1,'], random), [
    'Tag=,1e999,-1,NaN,',
    '#[BaseTime: NaN]\n1,1,1,',
    ',,,',
    'Tag=\u001b[2J,0,1,1,',
    '',
  ]);
  return `${head}${Buffer.concat([outer, deflated]).toString('base64')}\n`;
}

function payload(random: Random): Uint8Array {
  const length = 1 + randomBelow(300, random);
  // ZigZag: even bytes are counts.
  return random() < 0.5
    ? Uint8Array.from({ length }, () => 2 * (1 + randomBelow(63, random)))
    : Uint8Array.from({ length }, () => randomBelow(256, random));
}
