/** Readers of what a workload, a JVM, a sampler or a guest leaves or says: functions of bytes. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { protocol } from '../../src/experiment/place/protocol.js';
import { answerSchema, type Said } from '../../src/experiment/place/wire.js';
import { encodeFrame, frameReader } from '../../src/kernel/guest/frames.js';
import { openBoard } from '../../src/record/board/board.js';
import { parseJvmLog } from '../../src/record/jvm-log.js';
import { drainRings } from '../../src/record/board/rings.js';
import { readSamples } from '../../src/record/samples.js';
import { takeSnapshot } from '../../src/record/board/snapshot.js';
import { parseStacks } from '../../src/record/stacks.js';
import { countCalls } from '../../src/record/strace-calls.js';
import { layOut, oneVictim } from '../record/fake-board.js';
import { bytesRead, type Subject } from './subject.js';

const textFiles = (url: string): Buffer[] => {
  const folder = fileURLToPath(new URL(url, import.meta.url));
  return readdirSync(folder).map((name) => readFileSync(join(folder, name)));
};

export const byteSubjects: Readonly<Record<string, Subject>> = {
  board: bytesRead(
    6,
    'binary',
    () => [
      Buffer.from(
        layOut([oneVictim, { name: 'holder', role: 2, series: 'holder.madvise_free', ringCapacity: 8 }]).bytes,
      ),
    ],
    (bytes, folder) => {
      const path = join(folder, 'board');
      writeFileSync(path, bytes);
      const memory = new Uint8Array(bytes).buffer;
      const view = new DataView(memory);
      const board = openBoard(path, {
        mapShared: () => memory,
        copyWords: (_, byteOffset, words) => {
          for (let i = 0; i < words.length; i += 1) words[i] = view.getBigUint64(byteOffset + 8 * i, true);
        },
        storeWord: (_, byteOffset, word) => {
          view.setBigUint64(byteOffset, word, true);
        },
        unmapShared: () => undefined,
      });
      board.state();
      takeSnapshot(board);
      drainRings(board);
    },
  ),
  samples: bytesRead(
    4,
    'binary',
    () => [samplesOf(40)],
    (bytes, folder) => {
      const path = join(folder, 'samples');
      writeFileSync(path, bytes);
      readSamples(path, 0n);
    },
  ),
  'jvm-log': bytesRead(
    8,
    'text',
    () => textFiles('../record/jvm-logs'),
    (bytes) => parseJvmLog(bytes.toString()),
  ),
  stacks: bytesRead(
    2,
    'text',
    () => [Buffer.from('1000 11 D rwsem_down_write_slowpath<do_mprotect_pkey<do_syscall_64\n2000 12 R x\n')],
    (bytes) => parseStacks(bytes.toString(), 0n),
  ),
  strace: bytesRead(
    2,
    'text',
    () => [
      Buffer.from(
        '4711<G1 Service> mmap(0x7f0000000000, 1048576, PROT_NONE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = 0x7f0000000000\n12<java> madvise(0x7f00, 4096, MADV_DONTNEED <unfinished ...>\n12<java> <... madvise resumed>) = 0\n',
      ),
    ],
    (bytes) => countCalls(bytes.toString()),
  ),
  'guest-message': bytesRead(
    6,
    'json',
    () => saidByGuests.map((message) => Buffer.from(JSON.stringify(message))),
    (bytes) => {
      const frame = encodeFrame('');
      const head = Buffer.from(frame.subarray(0, 8));
      head.writeUInt32BE(bytes.length, 4);
      for (const message of frameReader()(Buffer.concat([head, bytes]))) answerSchema.safeParse(message);
    },
  ),
  'guest-frame': bytesRead(
    3,
    'binary',
    () => [Buffer.concat(saidByGuests.map(encodeFrame))],
    (bytes) => {
      const read = frameReader();
      for (let begin = 0; begin < bytes.length; begin += 700)
        for (const message of read(bytes.subarray(begin, begin + 700))) answerSchema.safeParse(message);
    },
  ),
};

/** As native/board/samples.h has it: two threads and a tick, again and again. */
function samplesOf(ticks: number): Buffer {
  const record = (kind: number, tick: number, tid: number, state: string): Buffer => {
    const bytes = Buffer.alloc(56);
    bytes.writeBigUInt64LE(BigInt(tick) * 10_000_000n, 0);
    bytes.writeUInt32LE(11, 8);
    bytes.writeUInt32LE(tid, 12);
    bytes.writeBigUInt64LE(BigInt(tick) * 1_000_000n, 16);
    bytes.writeBigUInt64LE(BigInt(tick) * 500_000n, 24);
    bytes.write(state, 32, 'latin1');
    bytes.writeUInt8(kind, 33);
    bytes.write('writer', 40, 'latin1');
    return bytes;
  };
  const head = Buffer.alloc(32);
  head.write('PLSAMPLE', 0, 'latin1');
  head.writeBigUInt64LE(1n, 8);
  head.writeBigUInt64LE(10_000_000n, 16);
  head.writeBigUInt64LE(56n, 24);
  return Buffer.concat([
    head,
    ...Array.from({ length: ticks }, (_, tick) => [
      record(0, tick, 11, 'R'),
      record(0, tick, 12, 'D'),
      record(2, tick, 0, '-'),
    ]).flat(),
  ]);
}

const saidByGuests: readonly Said[] = [
  { type: 'hello', protocol, uptime_s: 3.2 },
  { type: 'progress', text: 'sizing the region of madvise_free' },
  { type: 'phase', phase: 'measuring', clock_ns: 5e9 },
  { type: 'failed', code: 'workload', sentence: 'the engine ended inside its window by SIGKILL' },
  {
    type: 'sized',
    regions: [
      [
        'madvise_free',
        {
          operation: 'madvise_free',
          pages: 'small',
          target_hold_ns: 20e6,
          bytes: 2 ** 26,
          hold_ns: 21e6,
          probes: [{ bytes: 2 ** 26, hold_ns: 21e6, calls: 12 }],
        },
      ],
    ],
  },
];
