/** Which arms of a profile with `jdks` a JDK cannot run, found before anything runs. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { refusedArms } from '../../../src/workload/jvm/refused-arms.js';
import { resolveFiles } from '../../profile/files.js';
import { scratchFolder } from '../../support/scratch.js';

const scratch = scratchFolder();

/** Answers as a JDK 21 without ZGC, and with no flag whose name has `Gone` in it. */
function fakeJdk(): string {
  const home = scratch.fresh('jdk');
  mkdirSync(join(home, 'bin'), { recursive: true });
  const lines = [
    '#!/bin/sh',
    `case "$*" in *UseZGC*) exit 1;; *Gone*) echo "Unrecognized VM option 'GoneSize=3'"; exit 1;; esac`,
    `echo '    java.home = ${home}'`,
    "echo '    java.version = 21.0.1'",
  ];
  writeFileSync(join(home, 'bin/java'), `${lines.join('\n')}\n`, { mode: 0o755 });
  return home;
}

const written = (jdk: string): string => `name: p
title: P
jdks: [fake=${jdk}]
jvm: {}
victims: [{ operation: mmap_munmap, rate: 100/s }]
arms:
  - { name: runs }
  - { name: collector, jvm: { collector: zgc } }
  - { name: flag, jvm: { flags: ['-XX:GoneSize=3'] } }
  - { name: newer, jvm: { jdk: '>=22' } }
`;

test('an arm is refused for a collector, a flag or a version that its JDK lacks; others run', async () => {
  const { arms } = await resolveFiles({ 'p.yaml': written(fakeJdk()) });
  expect(await refusedArms(arms)).toEqual([
    { arm: 'collector@fake', jdk: '21.0.1', code: 'jdk-without-collector', collector: 'zgc' },
    { arm: 'flag@fake', jdk: '21.0.1', code: 'jdk-without-flag', flag: 'GoneSize=3' },
    { arm: 'newer@fake', jdk: '21.0.1', code: 'jdk-not-accepted', accepted: '>=22' },
  ]);
});

test('an arm of a profile without `jdks` is left to the check of its JDK, which ends the command', async () => {
  const { arms } = await resolveFiles({
    'p.yaml': written(fakeJdk())
      .replace(/^jdks.*\n/m, '')
      .replace('jvm: {}', 'jvm: { java: /nowhere }'),
  });
  expect(await refusedArms(arms)).toEqual([]);
});
