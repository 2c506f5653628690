/**
 * Messages between host and guest, on a stream of bytes: a mark, the length, JSON. The mark is for the serial port, to
 * which a kernel or firmware may write too. The other side is not trusted: a length beyond the limit ends the channel.
 */
import { workloadFailed } from '../../base/failure.js';
import { parseJson } from '../../base/json.js';

const mark = Buffer.from('PLFR');
const head = mark.length + 4;
/** A run of hours has a histogram log of tens of MB. */
export const mostFrameBytes = 128 * 1024 * 1024;

export function encodeFrame(message: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(message));
  if (body.length > mostFrameBytes)
    throw workloadFailed(
      `a message of ${body.length} bytes is too large for the channel between host and guest; ` +
        'choose a shorter --duration',
    );
  const start = Buffer.alloc(head);
  mark.copy(start);
  start.writeUInt32BE(body.length, mark.length);
  return Buffer.concat([start, body]);
}

/** Returns complete messages in order, and keeps the rest. Throws if the channel cannot go on. */
export function frameReader(): (chunk: Buffer) => unknown[] {
  let chunks: Buffer[] = [];
  let bytes = 0;
  let wanted = head;
  return (chunk) => {
    chunks.push(chunk);
    bytes += chunk.length;
    const messages: unknown[] = [];
    // Joined only once enough has arrived: a large message comes in thousands of pieces.
    while (bytes >= wanted) {
      const all = Buffer.concat(chunks);
      const length = lengthOf(all);
      if (bytes < head + length) {
        chunks = [all];
        wanted = head + length;
        break;
      }
      messages.push(parse(all.subarray(head, head + length)));
      const rest = all.subarray(head + length);
      chunks = rest.length === 0 ? [] : [rest];
      bytes = rest.length;
      wanted = head;
    }
    return messages;
  };
}

function lengthOf(bytes: Buffer): number {
  if (!bytes.subarray(0, mark.length).equals(mark))
    throw workloadFailed('the channel between host and guest delivered something that is not a message');
  const length = bytes.readUInt32BE(mark.length);
  if (length > mostFrameBytes)
    throw workloadFailed(`the guest announced a message of ${length} bytes, and the limit is ${mostFrameBytes}`);
  return length;
}

function parse(body: Buffer): unknown {
  try {
    return parseJson(body.toString('utf8'));
  } catch (cause) {
    throw workloadFailed('the channel between host and guest delivered a message that is not JSON', { cause });
  }
}
