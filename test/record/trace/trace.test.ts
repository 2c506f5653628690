/** Formats of two kernels and pages made by hand: what a record says, and what is lost, is read as it stands there. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseFormat, parsePageLayout } from '../../../src/record/trace/format.js';
import { readPages } from '../../../src/record/trace/pages.js';
import { lostOf, merged, readTrace, type TraceEvent } from '../../../src/record/trace/trace.js';

const common = `	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:unsigned char common_flags;	offset:2;	size:1;	signed:0;
	field:unsigned char common_preempt_count;	offset:3;	size:1;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;
`;
const header = `	field: u64 timestamp;	offset:0;	size:8;	signed:0;
	field: local_t commit;	offset:8;	size:8;	signed:1;
	field: int overwrite;	offset:8;	size:1;	signed:1;
	field: char data;	offset:16;	size:240;	signed:0;
`;
/** 6.17 and later have a number where kernels before have a path, of another size. */
const withId = `name: mmap_lock_released\nID: 676\nformat:\n${common}\n	field:struct mm_struct * mm;	offset:8;	size:8;	signed:0;\n	field:u64 memcg_id;	offset:16;	size:8;	signed:0;\n	field:bool write;	offset:24;	size:1;	signed:0;\n\nprint fmt: ""\n`;
const withPath = `name: mmap_lock_released\nID: 512\nformat:\n${common}\n	field:struct mm_struct * mm;	offset:8;	size:8;	signed:0;\n	field:__data_loc char[] memcg_path;	offset:16;	size:4;	signed:0;\n	field:bool write;	offset:20;	size:1;	signed:0;\n\nprint fmt: ""\n`;

const layout = parsePageLayout(header);

/** A record: its time since the one before, and its bytes. */
function page(
  time_ns: bigint,
  records: readonly (readonly [delta: number, data: Uint8Array])[],
  flags = 0,
): Uint8Array {
  const bytes = new Uint8Array(layout.pageBytes);
  const view = new DataView(bytes.buffer);
  let at = layout.dataOffset;
  for (const [delta, data] of records) {
    view.setUint32(at, ((delta << 5) | (data.length / 4)) >>> 0, true);
    bytes.set(data, at + 4);
    at += 4 + data.length;
  }
  view.setBigUint64(0, time_ns, true);
  view.setUint32(8, (at - layout.dataOffset + flags) >>> 0, true);
  return bytes;
}

function released(id: number, tid: number, mm: bigint, writeAt: number, isWrite: boolean): Uint8Array {
  const bytes = new Uint8Array(28);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, id, true);
  view.setInt32(4, tid, true);
  view.setBigUint64(8, mm, true);
  view.setUint8(writeAt, isWrite ? 1 : 0);
  return bytes;
}

test('the two forms of a format are read, each with the field where it lies', () => {
  expect(parseFormat(withId).fields.get('write')).toMatchObject({ offset: 24 });
  expect(parseFormat(withPath).fields.get('write')).toMatchObject({ offset: 20 });
  expect(() => parseFormat('something else')).toThrow(/an unknown format/);
});

describe('pages', () => {
  const one = released(676, 7, 1n, 24, true);
  const times = (bytes: Uint8Array) =>
    readPages(new DataView(bytes.buffer), layout).events.map(({ time_ns }) => time_ns);

  test('give the time of each record: the page’s, and what has passed since', () => {
    expect(
      times(
        page(1_000n, [
          [0, one],
          [5, one],
          [70, one],
        ]),
      ),
    ).toEqual([1_000n, 1_005n, 1_075n]);
  });

  test('know longer times, absolute times and padding', () => {
    const bytes = page(1_000n, []);
    const view = new DataView(bytes.buffer);
    const words = [(3 << 5) | 30, 1, (2 << 5) | 31, 4, (1 << 5) | 29, 8, 0, (7 << 5) | 1, 0];
    words.forEach((word, i) => {
      view.setUint32(layout.dataOffset + 4 * i, word, true);
    });
    view.setUint32(8, words.length * 4, true);
    expect(times(bytes)).toEqual([(4n << 27n) + 2n + 7n]);
  });

  test('say that something was lost before them, and broken ones are counted', () => {
    expect(readPages(new DataView(page(1n, [[0, one]], 2 ** 31).buffer), layout)).toMatchObject({
      gaps_n: 1,
      broken_n: 0,
    });
    const cut = page(1n, [[0, one]]);
    new DataView(cut.buffer).setUint32(8, 12, true);
    expect(readPages(new DataView(cut.buffer), layout)).toMatchObject({ events: [], broken_n: 1 });
    new DataView(cut.buffer).setUint32(8, 4000, true);
    expect(readPages(new DataView(cut.buffer), layout)).toMatchObject({ events: [], broken_n: 1 });
  });
});

describe('a trace', () => {
  function folder(stats: string, noOutside = 'the address was not found'): string {
    const path = mkdtempSync(join(tmpdir(), 'pauselab-trace-'));
    onTestFinished(() => {
      rmSync(path, { recursive: true });
    });
    for (const [name, content] of Object.entries({
      header_page: header,
      'format-mmap_lock_released': withPath,
      missing: 'lock/contention_begin\n',
      'outside-missing': noOutside,
      cost: '850.5 1420\n',
      'cpu0.stats': stats,
      'cpu1.stats': 'overrun: 0\n',
    }))
      writeFileSync(join(path, name), content);
    writeFileSync(
      join(path, 'cpu0.raw'),
      page(10_500n, [
        [0, released(512, 7, 0xff00ff00ff00ff00n, 20, true)],
        [10, released(9, 7, 1n, 20, true)],
      ]),
    );
    writeFileSync(join(path, 'cpu1.raw'), page(10_400n, [[0, released(512, 8, 1n, 20, false)]]));
    return path;
  }

  test('is its events of all CPUs by time, those of no interest left out', () => {
    expect(readTrace(folder('overrun: 0\ndropped events: 0\n'), 10_000n, { start_ns: -5, end_ns: 900 })).toEqual({
      events: [
        { kind: 'lock-released', time_ns: 400, cpu: 1, tid: 8, mm: 1n, isWrite: false },
        { kind: 'lock-released', time_ns: 500, cpu: 0, tid: 7, mm: 0xff00ff00ff00ff00n, isWrite: true },
      ],
      lost_n: 0,
      coveredFrom_ns: -5,
      coveredTo_ns: 900,
      missingEvents: ['lock/contention_begin'],
      outside: {
        from_ns: Infinity,
        problem: { code: 'outside-untraced', reason: 'the address was not found' },
      },
      call_ns: { without: 850.5, with: 1420 },
    });
  });

  test('that lost its oldest events covers the time from the first one that is left', () => {
    expect(
      readTrace(folder('entries: 2\noverrun: 12\ncommit overrun: 1\ndropped events: 0\n'), 10_000n, {
        start_ns: -5,
        end_ns: 900,
      }),
    ).toMatchObject({ lost_n: 13, coveredFrom_ns: 500 });
  });

  test('has events of other programs from a second instance, from where on none of them is lost', () => {
    const path = folder('overrun: 0\n', '');
    const outside = join(path, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'cpu0.stats'), 'overrun: 0\n');
    writeFileSync(join(outside, 'cpu0.raw'), page(10_450n, [[0, released(512, 99, 1n, 20, true)]]));
    const read = () => readTrace(path, 10_000n, { start_ns: -5, end_ns: 900 });
    expect(read().events.map(({ time_ns, tid }) => [time_ns, tid])).toEqual([
      [400, 8],
      [450, 99],
      [500, 7],
    ]);
    expect(read()).toMatchObject({ lost_n: 0, coveredFrom_ns: -5, outside: { from_ns: -5, problem: null } });
    writeFileSync(join(outside, 'cpu0.stats'), 'overrun: 3\n');
    expect(read()).toMatchObject({
      lost_n: 0,
      coveredFrom_ns: -5,
      outside: {
        from_ns: 450,
        problem: { code: 'outside-lost', events_n: 3, from_ns: 450 },
      },
    });
  });

  test('has each switch and waking once, though both instances saw it', () => {
    const at = (time_ns: number) => ({ time_ns, cpu: 0 });
    const switched = (time_ns: number, previous: number, next: number): TraceEvent => ({
      ...at(time_ns),
      kind: 'switch',
      tid: previous,
      previous,
      previousName: '',
      previousState: 0,
      next,
      nextName: '',
    });
    const waking = (time_ns: number, tid: number, woken: number): TraceEvent => ({
      ...at(time_ns),
      kind: 'waking',
      tid,
      woken,
    });
    const [ms, us] = [1e6, 1e3];
    const all = merged(
      [switched(ms, 99, 7), waking(9 * ms, 7, 99), switched(10 * ms, 7, 99)],
      [
        switched(ms + us, 99, 7),
        switched(5 * ms, 99, 98),
        waking(9 * ms + us, 7, 99),
        switched(10 * ms + us, 7, 99),
        switched(20 * ms, 7, 99),
      ],
    );
    expect(all.map(({ time_ns }) => time_ns / ms)).toEqual([1, 5, 9, 10, 20]);
  });

  test('tells of locks that sleep, by the fields that the kernel names', () => {
    const begin = `name: contention_begin\nID: 408\nformat:\n${common}\n	field:void * lock_addr;	offset:8;	size:8;	signed:0;\n	field:unsigned int flags;	offset:16;	size:4;	signed:0;\n\nprint fmt: ""\n`;
    const end = `name: contention_end\nID: 407\nformat:\n${common}\n	field:void * lock_addr;	offset:8;	size:8;	signed:0;\n	field:int ret;	offset:16;	size:4;	signed:1;\n\nprint fmt: ""\n`;
    const path = folder('overrun: 0\n');
    writeFileSync(join(path, 'format-contention_begin'), begin);
    writeFileSync(join(path, 'format-contention_end'), end);
    const flagged = (id: number, flags: number) => {
      const bytes = released(id, 7, 0xff00n, 20, false);
      new DataView(bytes.buffer).setUint32(16, flags, true);
      return bytes;
    };
    writeFileSync(
      join(path, 'cpu0.raw'),
      page(10_500n, [
        [0, flagged(408, 4)],
        [1, flagged(407, 0)],
        [1, flagged(408, 2)],
        [1, flagged(408, 32)],
      ]),
    );
    expect(readTrace(path, 10_000n, { start_ns: 0, end_ns: 900 }).events.slice(1)).toEqual([
      { kind: 'contended', time_ns: 500, cpu: 0, tid: 7, lock: 0xff00n, isRead: false, isWrite: true },
      { kind: 'contention-end', time_ns: 501, cpu: 0, tid: 7, lock: 0xff00n },
      { kind: 'contended', time_ns: 502, cpu: 0, tid: 7, lock: 0xff00n, isRead: true, isWrite: false },
      { kind: 'contended', time_ns: 503, cpu: 0, tid: 7, lock: 0xff00n, isRead: false, isWrite: false },
    ]);
  });

  test('counts every kind of loss', () => {
    expect(lostOf('entries: 5\noverrun: 1\ncommit overrun: 2\nbytes: 7\ndropped events: 4\nread events: 9\n')).toBe(7);
  });
});
