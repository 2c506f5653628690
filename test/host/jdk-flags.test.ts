/** A java that is a script: it answers -XX:+PrintFlagsFinal as HotSpot does. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { knowsFlag, tryFlags } from '../../src/host/jdk-flags.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();

const printed = `[Global flags]
   size_t InitialHeapSize                          = 69206016                                  {product} {command line}
   size_t G1HeapRegionSize                         = 4194304                                   {product} {command line}
   double SweeperThreshold                         = 15.000000                                 {product} {command line}
     bool UseG1GC                                  = true                                      {product} {command line}
     intx ThreadStackSize                          = 512                                 {pd product} {command line}
    ccstr ErrorFile                                =                                           {product} {default}
`;

function java(script: string): { readonly java: string; readonly asked: () => string } {
  const asked = scratch.fresh('asked');
  const path = scratch.write('java', `#!/bin/sh\necho "$@" >>${asked}\n${script}\n`, 0o755);
  return { java: path, asked: () => readFileSync(asked, 'utf8') };
}

const answering = (): ReturnType<typeof java> => java(`cat <<'END'\n${printed}END`);

test('each flag is read back with the JDK’s value; the last of several counts', async () => {
  const words = [
    '-Xms64m',
    '-XX:G1HeapRegionSize=3m',
    '-XX:G1HeapRegionSize=4M',
    '-XX:SweeperThreshold=15',
    '-XX:+UseG1GC',
  ];
  const { flags, unknown } = await tryFlags(answering(), [...words, '-Xss512k', '-XX:+ZGenerational']);
  expect(unknown).toBeNull();
  expect(flags).toEqual([
    { flag: 'InitialHeapSize', asked: '64m', actual: '69206016', differs: true },
    { flag: 'G1HeapRegionSize', asked: '4M', actual: '4194304', differs: false },
    { flag: 'SweeperThreshold', asked: '15', actual: '15.000000', differs: false },
    { flag: 'UseG1GC', asked: 'true', actual: 'true', differs: false },
    { flag: 'ThreadStackSize', asked: '512k', actual: '512', differs: false },
    { flag: 'ZGenerational', asked: 'true', actual: null, differs: true },
  ]);
});

test('the trial leaves out what writes files, starts programs or touches the whole heap, and asks once', async () => {
  const jdk = answering();
  const words = [
    '-XX:+AlwaysPreTouch',
    '-XX:OnError=touch here',
    '-javaagent:a.jar',
    '-Xlog:gc:file=gc.log',
    '-Xms66m',
  ];
  await tryFlags(jdk, words);
  await tryFlags(jdk, words);
  expect(jdk.asked()).toBe('-Xms66m -XX:+PrintFlagsFinal -version\n');
});

test('a flag that the JDK does not know is named; a JDK that fails otherwise has no values', async () => {
  const unknown = java(`echo "Unrecognized VM option 'NoSuchSize=3'"; exit 1`);
  expect(await tryFlags(unknown, ['-XX:NoSuchSize=3'])).toEqual({ flags: null, unknown: 'NoSuchSize=3' });
  expect(await tryFlags(java('echo no memory; exit 1'), ['-Xms1t'])).toEqual({ flags: null, unknown: null });
});

test('a JDK knows the flags that it prints', async () => {
  const jdk = answering();
  expect([await knowsFlag(jdk, 'G1HeapRegionSize'), await knowsFlag(jdk, 'HeapRegionSize')]).toEqual([true, false]);
});
