/** What is said beside the figures of an arm with a JVM. */
import { expect, test } from 'vitest';
import type { ArmSummary } from '../../src/bundle/bundle-schema.js';
import { notesOf } from '../../src/verdict/run/notes.js';
import { noteSentences } from '../support/stated.js';
import { armOf, runOf, seriesOf, writer } from './fake-summary.js';

type JvmFigures = NonNullable<ArmSummary['jvm']>;

const series = [seriesOf(writer, [runOf(), runOf(), runOf(), runOf()])];
const inOrder: JvmFigures = {
  log: [],
  cpu_ns: 1,
  withoutProbes: null,
  perRun: [],
  logProblems: [],
  removedFromEnvironment: [],
  changedFlags: [],
};
const jvmArm = (name: string, more: Partial<JvmFigures> = {}, control: ArmSummary['control'] = null): ArmSummary =>
  armOf(name, control, series, { holder: null, regionBytes: null, jvm: { ...inOrder, ...more } });
const notes = (...arms: readonly ArmSummary[]): string[] =>
  noteSentences(notesOf([jvmArm('foreign-control', {}, 'foreign'), ...arms], []));

test('a flag to which the JDK gave another value, or that it ignores, is named once for all arms', () => {
  const changedFlags = [
    { flag: 'G1HeapRegionSize', asked: '3m', actual: '4194304' },
    { flag: 'ZGenerational', asked: 'true', actual: null },
  ];
  expect(notes(jvmArm('a', { changedFlags }), jvmArm('b', { changedFlags }))).toEqual([
    'The JDK gave the flag G1HeapRegionSize the value 4194304, and not 3m as in the profile.',
    'The JDK ignores the flag ZGenerational (true in the profile): it has no such setting any more.',
  ]);
  expect(notes(jvmArm('a'))).toEqual([]);
});

test('flags that no JDK read back are not taken for flags in force', () => {
  expect(notes(jvmArm('a', { changedFlags: null }))).toEqual([
    'A JDK did not print the values of its flags, so it is not proven that the flags of the profile are in force.',
  ]);
});
