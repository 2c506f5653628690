import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeFrame, frameReader, mostFrameBytes } from '../../src/kernel/guest/frames.js';

test('messages come back whole and in order, however the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue(), { maxLength: 6 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
      (messages, cuts) => {
        const stream = Buffer.concat(messages.map(encodeFrame));
        const take = frameReader();
        const received: unknown[] = [];
        for (let at = 0; at < stream.length;) {
          const length = cuts.next().value as number;
          received.push(...take(stream.subarray(at, at + length)));
          at += length;
        }
        expect(received).toEqual(messages.map((one) => JSON.parse(JSON.stringify(one)) as unknown));
      },
    ),
  );
});

function head(length: number): Buffer {
  const bytes = Buffer.from('PLFR\0\0\0\0');
  bytes.writeUInt32BE(length, 4);
  return bytes;
}

test.each([
  ['bytes that are no message', Buffer.from('a kernel printed this'), /something that is not a message/],
  [
    'a length beyond the limit, before any of it is kept',
    head(mostFrameBytes + 1),
    /the guest announced a message of .* and the limit is/,
  ],
  ['a body that is no JSON', Buffer.concat([head(3), Buffer.from('{{{')]), /a message that is not JSON/],
])('%s', (_, bytes, sentence) => {
  expect(() => frameReader()(bytes)).toThrow(sentence);
});
