import fc from 'fast-check';
import { HistogramLogReader } from 'hdr-histogram-js';
import { describe, expect, test } from 'vitest';
import { countsOfValues, emptyCounts } from '../../src/record/histogram/counts.js';
import { hlogHead, hlogInterval, hlogLine } from '../../src/record/histogram/hlog.js';
import { readHlogText } from '../support/hlog.js';

const go_ms = Date.UTC(2025, 5, 17, 8, 0, 0, 250);
const line = hlogLine('writer.mmap.service', 2e9, 3.0004e9, countsOfValues([1_500, 612_345_678]));

describe('writing a histogram log', () => {
  test('has the head that readers look for', () => {
    expect(hlogHead(go_ms).split('\n')).toEqual([
      '#[Histogram log format version 1.3]',
      '#[StartTime: 1750147200.250 (seconds since epoch), 2025-06-17T08:00:00.250Z]',
      '#[BaseTime: 1750147200.250 (seconds since epoch)]',
      '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
      '',
    ]);
  });

  test('has the exact maximum in milliseconds', () => {
    expect(line).toMatch(/^Tag=writer\.mmap\.service,2\.000,1\.000,612\.346,HISTF[\w+/=]+\n$/);
  });

  test('has a line for service and one for response, and keeps seconds without a sample', () => {
    const some = countsOfValues([1_000]);
    const text = hlogInterval(
      {
        start_ns: 0,
        end_ns: 1e9,
        series: [
          { index: 0, service: emptyCounts(), response: some },
          { index: 1, service: some, response: null },
        ],
      },
      ['writer.mmap', 'reader.cold'],
    );
    expect(readHlogText(text).intervals.map(({ tag, counts }) => [tag, counts.n])).toEqual([
      ['writer.mmap.service', 0],
      ['writer.mmap.response', 1],
      ['reader.cold.service', 1],
    ]);
  });

  test.each(['', 'a,b', 'a b', 'a\nb'])('refuses the tag "%s"', (tag) => {
    expect(() => hlogLine(tag, 0, 1, emptyCounts())).toThrow(RangeError);
  });
});

describe('reading a histogram log', () => {
  test('gives back what was written, to the counter', () => {
    const values = fc.array(fc.integer({ min: 0, max: 3_600_000_000_000 }), { maxLength: 50 });
    fc.assert(
      fc.property(fc.array(values, { maxLength: 8 }), (seconds) => {
        const text =
          hlogHead(go_ms) +
          seconds.map((of, i) => hlogLine('a.b', i * 1e9, (i + 1) * 1e9, countsOfValues(of))).join('');
        const read = readHlogText(text);
        expect(read.truncated).toBe(false);
        expect(
          read.intervals.map(({ start_ns, length_ns, counts: { n, index, count } }) => ({
            start_ns,
            length_ns,
            n,
            index,
            count,
          })),
        ).toEqual(
          seconds.map((of, i) => {
            const { n, index, count } = countsOfValues(of);
            return { start_ns: i * 1e9, length_ns: 1e9, n, index, count };
          }),
        );
      }),
      { numRuns: 30 },
    );
  });

  test('drops a last line that was cut off anywhere, and says so', () => {
    const text = hlogHead(go_ms) + line;
    const whole = text.length + line.length - 1;
    for (let cut = text.length + 1; cut < whole; cut += 1) {
      const { intervals, truncated } = readHlogText((text + line).slice(0, cut));
      expect([cut, intervals.length, truncated]).toEqual([cut, 1, true]);
    }
    // Only the line break is missing: nothing is lost.
    expect(readHlogText((text + line).slice(0, whole))).toMatchObject({ truncated: false, intervals: [{}, {}] });
    // What the library's own reader does with it.
    expect(() => {
      const reader = new HistogramLogReader(line.slice(0, -20), 64);
      reader.nextIntervalHistogram();
    }).toThrow();
  });

  test('reads a tag with a comma, at which the library throws', () => {
    const odd = line.replace('writer.mmap.service', 'writer,odd');
    expect(readHlogText(odd).intervals).toMatchObject([{ tag: 'writer,odd', counts: { n: 2 } }]);
    expect(() => new HistogramLogReader(odd, 64).nextIntervalHistogram()).toThrow();
  });

  test('reads lines without a tag and of other systems', () => {
    const text = `#[BaseTime: 0.000 (seconds since epoch)]\r\n#a comment, with a comma\r\n${line.replace(/^Tag=[^,]+,/, '  ').replace('\n', '\r\n')}`;
    expect(readHlogText(text).intervals).toMatchObject([{ tag: null, start_ns: 2e9, counts: { n: 2 } }]);
  });

  test('refuses a line that is broken before the last, by its number', () => {
    expect(() => readHlogText(`${line}Tag=x,1.000,1.000\n${line}`)).toThrow(
      /^line 2 of \S+ is broken: it has 3 fields, expected 4; restore the file/,
    );
    expect(() => readHlogText(`${line.slice(0, -20)}\n${line}`)).toThrow(/line 1/);
    expect(() => readHlogText(`nonsense,${line.slice(4)}\n`)).toThrow(/starts with/);
  });
});
