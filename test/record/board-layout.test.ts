/** The table in src/record/board/board-layout.ts against what the engine says of the header that it was compiled with. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import * as layout from '../../src/record/board/board-layout.js';

const engine = fileURLToPath(new URL('../../native/build/Release/pauselab-engine', import.meta.url));

describe('the layout of the board', () => {
  const printed = JSON.parse(execFileSync(engine, ['layout'], { encoding: 'utf8' })) as Record<string, unknown>;

  test('has the constants of layout.h', () => {
    expect(printed).toMatchObject({
      version: layout.boardVersion,
      countsLength: layout.countsLength,
      highestTrackable_ns: layout.highestTrackable_ns,
      nameBytes: layout.nameBytes,
    });
  });

  test.each([
    ['header', { ...layout.header, bytes: layout.headerBytes }],
    ['thread', { ...layout.threadField, bytes: layout.threadBytes }],
    // A record has a field of the name `bytes`, so its size goes by another.
    ['record', { ...layout.record, recordBytes: layout.recordBytes }],
    ['histogram', { ...layout.histogram, bytes: layout.histogramBytes }],
    ['series', { ...layout.series, bytes: layout.seriesBytes }],
  ])('has the offsets of its %s, all of them and no others', (part, offsets) => {
    expect(offsets).toEqual(printed[part]);
  });
});
