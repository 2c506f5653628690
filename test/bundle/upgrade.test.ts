/**
 * Bundles of schema version 1, as that version wrote them (test/fixtures/bundle-v1; their lists of stalls are cut short):
 * they open, are told, compared and reported.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readStalls } from '../../src/bundle/read-stalls.js';
import { runSchema, summarySchema } from '../../src/bundle/bundle-schema.js';
import { openBundle } from '../../src/bundle/store.js';
import { upgraded } from '../../src/bundle/upgrade.js';
import { sentencesOf } from '../../src/facts/stated.js';
import { command } from '../support/command.js';
import { repository } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();

const fixtures = join(repository, 'test/fixtures/bundle-v1');
const fixture = (name: string): string => join(fixtures, name);

interface OldRun {
  readonly name: string;
  readonly spoiled: readonly string[];
  readonly disturbances: readonly string[];
}

describe.each(['native', 'jvm'])('a bundle of version 1, %s,', (name) => {
  const old = readdirSync(join(fixture(name), 'runs')).map(
    (run) => JSON.parse(readFileSync(join(fixture(name), 'runs', run, 'run.json'), 'utf8')) as OldRun,
  );

  test('opens with all that its runs, its summary and its lists of stalls say', () => {
    const { runs, summary, manifest } = openBundle(fixture(name));
    expect(manifest.schemaVersion).toBe(2);
    expect(old.some(({ spoiled }) => spoiled.length > 0)).toBe(true);
    expect(runs.map(({ disturbances }) => sentencesOf(disturbances))).toEqual(old.map(({ spoiled }) => spoiled));
    // The kind was there, so that runs under load are known as such.
    expect(runs.map(({ disturbances }) => disturbances.map(({ code }) => code))).toEqual(
      old.map(({ disturbances }) => disturbances),
    );
    const before = JSON.parse(readFileSync(join(fixture(name), 'summary.json'), 'utf8')) as {
      notes: string[];
      verdict: string;
    };
    expect(summary).toMatchObject({ verdict: before.verdict });
    expect(sentencesOf(summary?.notes ?? [])).toEqual(before.notes);
    const { stalls, missing } = readStalls(fixture(name));
    expect(stalls.length).toBeGreaterThan(0);
    expect(missing.map(({ code }) => code)).not.toContain('unreadable');
  });

  test('is explained, exported, compared and reported', async () => {
    for (const words of [
      ['explain', fixture(name)],
      ['export', fixture(name), '--format', 'csv'],
      ['report', fixture(name), '--out', join(scratch.path, `${name}.html`)],
    ]) {
      const { code, stderr } = await command(...words);
      expect({ words: words[0], code, stderr: code === 0 ? '' : stderr }).toEqual({
        words: words[0],
        code: 0,
        stderr: '',
      });
    }
  });
});

describe('what version 1 had in words', () => {
  const run = JSON.parse(
    readFileSync(join(fixture('jvm'), 'runs', readdirSync(join(fixture('jvm'), 'runs'))[0] ?? '', 'run.json'), 'utf8'),
  ) as Record<string, unknown> & { jvm: object };
  const read = (more: Record<string, unknown>) => runSchema.parse(upgraded('run', { ...run, ...more }));

  test('is there as sentences: failures, degradations, and disturbances of a version without kinds', () => {
    const { failures, degraded, disturbances } = read({
      status: 'failed',
      failure: 'the engine ended inside its window by SIGKILL',
      degraded: ['nice -5 of thread holder was refused (EPERM)'],
      spoiled: ['steal of 30 %'],
      disturbances: null,
    });
    const unclassified = (sentence: string) => [{ code: 'unclassified', sentence }];
    expect(failures).toEqual(unclassified('the engine ended inside its window by SIGKILL'));
    expect(degraded).toEqual(unclassified('nice -5 of thread holder was refused (EPERM)'));
    expect(disturbances).toEqual(unclassified('steal of 30 %'));
  });

  test('decides as it did: a warning of the JVM hides no event, a give-back without a length is no pause', () => {
    const logProblems = ['the JVM warns: X', 'so gc.uncommit lacks these: Y', 'the last line is cut off'];
    const { jvm } = read({ jvm: { ...run.jvm, logProblems } });
    expect(jvm?.logProblems.map(({ code }) => code)).toEqual([
      'jvm-warning',
      'uncommit-without-length',
      'unclassified',
    ]);
  });

  test('that is no text is refused by the schema, as ever', () => {
    expect(() => read({ degraded: [7] })).toThrow();
    expect(() => summarySchema.parse(upgraded('summary', { schemaVersion: 1, notes: 7 }))).toThrow();
    expect(upgraded('run', [1])).toEqual([1]);
  });
});
