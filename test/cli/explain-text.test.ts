import { describe, expect, test } from 'vitest';
import { renderStall, renderStalls } from '../../src/cli/text/explain-text.js';
import type { NumberedStall } from '../../src/bundle/read-stalls.js';
import { exampleStall } from '../support/stalls.js';
import { statedMissing } from '../../src/words/stall-words.js';

const missingOf = (reason: string): ReturnType<typeof statedMissing<{ code: 'unreadable'; reason: string }>> =>
  statedMissing({ code: 'unreadable', reason });

const one: NumberedStall = {
  number: 1,
  run: '003-free-across-vmas',
  arm: 'free-across-vmas',
  kernel: null,
  counted: true,
  stall: exampleStall,
};

test('the list has each stall with cause, grade and thread, and the stalled time per arm and cause', () => {
  const text = renderStalls({ stalls: [one], missing: [missingOf('run 004-x was disturbed: steal')] });
  expect(text).toMatch(/^1 +003-free-across-vmas +writer\.mprotect +500 ms +mmap-lock-reader +likely +holder$/m);
  expect(text).toMatch(/^free-across-vmas +mmap-lock-reader by holder +1 +500 ms$/m);
  expect(text).toContain('Missing: run 004-x was disturbed: steal.');
  expect(renderStalls({ stalls: [], missing: [] })).toContain('No stall was recorded.');
});

const ofRun = { missing: [], isObservation: false };

describe('one stall', () => {
  test('has its chain in sentences, and what was seen', () => {
    const text = renderStall(one, ofRun);
    expect(text).toContain('writer.mprotect waited 500 ms for mmap_lock, held for reading by `holder`');
    expect(text).toMatch(/\+0\.0 ms {2}writer\.mprotect waited 500 ms .* \[likely\]/);
    expect(text).toContain('the victim waited in mprotect()');
  });

  test('of an observation counts from its start', () => {
    expect(renderStall(one, { missing: [], isObservation: true })).toMatch(/^Stall 1: .* after the start on/);
  });

  test('of an older bundle says that it has no chain', () => {
    expect(
      renderStall(
        { ...one, stall: { ...exampleStall, thread: null, chain: null, cause: null, evidence: null } },
        ofRun,
      ),
    ).toContain('a version of pauselab without attribution wrote the bundle');
  });

  test('lets no control character of a bundle through to the terminal', () => {
    const evil = { ...one, run: 'a\u001b[2J', stall: { ...exampleStall, series: 'b\u0007\u009b1m', states: 'D×50' } };
    for (const text of [
      renderStall(evil, { ...ofRun, missing: [missingOf('c\u001b]0;x')] }),
      renderStalls({ stalls: [evil], missing: [missingOf('c\u001b')] }),
    ])
      expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });
});
