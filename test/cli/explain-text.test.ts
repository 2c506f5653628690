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
  isAfterWindow: false,
  stall: exampleStall,
};

const ofRun = { runs: [], missing: [], isObservation: false, answer: null };

test('the list of an observation begins with its answer, has no run, and says when each stall was', () => {
  const answer = { code: 'gives-back', sentence: 'giving memory back is the reason for 1 of 1 stall' };
  const cut = { ...one, run: 'observed', arm: 'observed', stall: { ...exampleStall, start_ns: 0, stillRunning: true } };
  const text = renderStalls({ runs: [], stalls: [cut], missing: [], isObservation: true, answer });
  expect(text.split('\n')[0]).toBe('Giving memory back is the reason for 1 of 1 stall.');
  expect(text).toMatch(
    /^1 +writer\.mprotect +500 ms or more +mmap-lock-reader +likely +holder +from before the start, still going on at the end$/m,
  );
  expect(text).toMatch(/^mmap-lock-reader by holder +1 +500 ms$/m);
  expect(text).not.toMatch(/observed|\barm\b|\brun\b/);
});

test('the list has each stall with cause, grade and thread, and the stalled time per arm and cause', () => {
  const text = renderStalls({ ...ofRun, stalls: [one], missing: [missingOf('run 004-x was disturbed: steal')] });
  expect(text).toMatch(/^1 +003-free-across-vmas +writer\.mprotect +500 ms +mmap-lock-reader +likely +holder$/m);
  expect(text).toMatch(/^free-across-vmas +mmap-lock-reader by holder +1 +500 ms$/m);
  expect(text).toContain('Missing: run 004-x was disturbed: steal.');
  expect(renderStalls({ ...ofRun, stalls: [] })).toContain('No stall was recorded.');
});

test('there may have been stalls where a list of them could not be read', () => {
  const lost = { name: 'observed', run: null, file: null };
  const text = renderStalls({ ...ofRun, runs: [lost], stalls: [], missing: [missingOf('stalls.json is broken')] });
  expect(text).toContain('No stall is listed. Lists of stalls are missing or broken, so there may have been stalls.');
  expect(text).not.toContain('No stall was recorded');
});

describe('one stall', () => {
  test('has its chain in sentences, and what was seen', () => {
    const text = renderStall(one, ofRun);
    expect(text).toContain('writer.mprotect waited 500 ms for mmap_lock, held for reading by `holder`');
    expect(text).toMatch(/\+0\.0 ms {2}writer\.mprotect waited 500 ms .* \[likely\]/);
    expect(text).toContain('the victim waited in mprotect()');
  });

  test('of an observation counts from its start, and names the ends that were not seen', () => {
    const first = (more: Partial<NumberedStall['stall']>): string | undefined =>
      renderStall(
        { ...one, stall: { ...exampleStall, start_ns: 2e9, ...more } },
        { missing: [], isObservation: true },
      ).split('\n')[0];
    expect(first({})).toBe('Stall 1: writer.mprotect, 500 ms, from 2.00 s on');
    expect(first({ start_ns: 0 })).toBe('Stall 1: writer.mprotect, 500 ms or more, from before the start');
    expect(first({ stillRunning: true })).toBe(
      'Stall 1: writer.mprotect, 500 ms or more, from 2.00 s on, still going on at the end',
    );
    expect(first({ threadEnded: true })).toBe(
      'Stall 1: writer.mprotect, 500 ms, from 2.00 s on, until its thread ended',
    );
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
      renderStalls({ ...ofRun, stalls: [evil], missing: [missingOf('c\u001b')] }),
    ])
      expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });
});
