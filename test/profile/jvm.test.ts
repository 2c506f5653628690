/** Profiles whose process under test is a JVM. */
import { describe, expect, test } from 'vitest';
import { isApp, isInJvm, type AppArm, type JvmArm, type ResolvedArm } from '../../src/profile/resolved/resolved.js';
import { problemsIn, resolveFiles } from './files.js';

/** The least one that is valid. */
function jvmProfile(
  more = '',
  jvm = 'loads: [{ load: heap_wave }]',
  victims = '[{ operation: mmap_munmap, rate: 1000/s }]',
): string {
  return `name: p\ntitle: P\njvm: { ${jvm} }\nvictims: ${victims}\n${more.includes('arms:') ? more : `${more}\narms: [{ name: a }]`}\n`;
}

function jvmArm(arm: ResolvedArm | undefined): JvmArm {
  if (arm === undefined || !isInJvm(arm)) throw new Error('not an arm with a JVM');
  return arm;
}

async function armsOf(text: string): Promise<JvmArm[]> {
  return (await resolveFiles({ 'p.yaml': text })).arms.map(jvmArm);
}

async function appsOf(text: string): Promise<AppArm[]> {
  return (await armsOf(text)).filter(isApp);
}

describe('expansion', () => {
  test('says everything: a load’s settings in plan units, and what the JVM is', async () => {
    const [, , arm] = await armsOf(
      jvmProfile('', 'loads: [{ load: heap_wave, low: 1MiB, period: 500ms, seed: 7 }], flags: [-Xmx1g]'),
    );
    expect(arm?.jvm).toEqual({
      jdk: '>=17',
      java: null,
      collector: 'g1',
      flags: ['-Xmx1g'],
      loadsIn: 'same',
      threads: [],
      issues: [],
      process: { nice: null, policy: null, cpus: null, limits: {} },
      allocator: { name: 'glibc', path: null, settings: {} },
      loads: [
        {
          name: 'load.heap-wave',
          load: 'heap_wave',
          values: expect.objectContaining({ seed: 7, low_bytes: 2 ** 20, period_ns: 5e8 }) as unknown,
        },
      ],
    });
    expect(arm).toMatchObject({
      holder: null,
      series: ['writer.mmap_munmap'],
      victims: [{ layout: 'isolated', interval_ns: 1e6 }],
    });
  });

  test('how the process starts: scheduling and limits, sizes in bytes', async () => {
    const [, , arm] = await armsOf(
      jvmProfile('', 'process: { nice: 5, cpus: second, limits: { nofile: 4096, as: 4GiB, memlock: unlimited } }'),
    );
    expect(arm?.jvm.process).toEqual({
      nice: 5,
      policy: null,
      cpus: { kind: 'second' },
      limits: { nofile: 4096, as: 4 * 2 ** 30, memlock: 'unlimited' },
    });
  });

  test('two loads of a kind have names of their own', async () => {
    const [, , arm] = await armsOf(jvmProfile('', 'loads: [{ load: heap_wave }, { load: heap_wave, seed: 2 }]'));
    expect(arm?.jvm.loads.map(({ name }) => name)).toEqual(['load.heap-wave', 'load.heap-wave-2']);
  });

  test('the idle control has the probes alone, the foreign one the loads in a second JVM', async () => {
    const [idle, foreign, arm] = await armsOf(jvmProfile('issues: { mmap.NONE: { by: G1 Service, atLeast: 3 } }'));
    expect(idle?.jvm).toEqual({ ...arm?.jvm, loads: [], issues: [] });
    expect(foreign?.jvm).toEqual({ ...arm?.jvm, loadsIn: 'foreign' });
    expect(arm?.jvm.issues).toEqual([{ call: 'mmap.NONE', by: 'G1 Service', atLeast: 3 }]);
  });

  test('thread rules of an arm come beside the profile’s, one by one; a number is a nice value', async () => {
    const [, , arm] = await armsOf(
      jvmProfile(
        'arms: [{ name: a, jvm: { threads: { G1 Service: { cpus: first, policy: rr }, VM Thread: 5 } } }]',
        'threads: { G1 Service: 19, GC Thread*: 10 }',
      ),
    );
    expect(arm?.jvm.threads).toEqual([
      { pattern: 'G1 Service', nice: null, policy: 'rr 1', cpus: { kind: 'first' } },
      { pattern: 'GC Thread*', nice: 10, policy: null, cpus: null },
      { pattern: 'VM Thread', nice: 5, policy: null, cpus: null },
    ]);
  });

  test('a reader of the JVM’s files may be there, with no region', async () => {
    const [idle, , arm] = await armsOf(jvmProfile('holder: { operation: read_smaps, nice: 19 }'));
    expect(arm?.holder).toMatchObject({
      operation: 'read_smaps',
      nice: 19,
      active: true,
      toucher: null,
      region: { kind: 'bytes' },
    });
    expect(arm?.series).toEqual(['writer.mmap_munmap', 'holder.read_smaps']);
    expect(idle?.holder?.active).toBe(false);
  });

  test('a program of one’s own, as words', async () => {
    const [arm] = await appsOf(jvmProfile('', 'app: { args: "-jar \'my server.jar\' -p 80", ready: started }'));
    expect(arm?.jvm.app).toEqual({
      args: ['-jar', 'my server.jar', '-p', '80'],
      ready: { kind: 'log', pattern: 'started', deadline_ns: 120e9 },
      environment: {},
      probes: true,
    });
  });

  test('a program that is ready by its port or after a time, by the defaults of the file', async () => {
    const readyOf = async (ready: string) =>
      (await appsOf(jvmProfile('', `app: { args: A, ready: ${ready} }`)))[0]?.jvm.app.ready;
    expect(await readyOf('{ port: 80, deadline: 5s }')).toEqual({ kind: 'port', port: 80, deadline_ns: 5e9 });
    expect(await readyOf('{ after: 10s }')).toEqual({ kind: 'after', after_ns: 10e9 });
    expect(await readyOf("'[main] up (1/2)'")).toEqual({
      kind: 'log',
      pattern: '\\[main\\] up \\(1/2\\)',
      deadline_ns: 120e9,
    });
  });
});

test.each([
  [
    jvmProfile('', undefined, '[{ operation: mprotect, rate: 1000/s }]'),
    'mprotect is not a probe of a JVM; use one of',
  ],
  [jvmProfile('layout: split'), 'the JVM decides where its memory lies'],
  [
    jvmProfile('', undefined, '[{ operation: timer, rate: 1/s, layout: same }]'),
    'the JVM decides where its memory lies',
  ],
  [
    jvmProfile('holder: { operation: madvise_free }'),
    'the holder of a JVM arm can only read about the JVM, with read_smaps',
  ],
  [
    jvmProfile('holder: { operation: madvise_free }', 'app: { args: -jar x.jar }'),
    'a region inside your program cannot be calibrated; give holder.region a size',
  ],
  [
    jvmProfile('holder: { operation: malloc_trim, region: 64MiB }', 'app: { args: -jar x.jar }'),
    'malloc_trim cannot be the holder inside your program; use one of madvise_dontneed,',
  ],
  [
    jvmProfile('holder: { operation: munmap_mmap, region: 64MiB }', 'app: { args: -jar x.jar }'),
    'munmap_mmap cannot be the holder inside your program',
  ],
  [
    jvmProfile('holder: { operation: mmap_none, region: 64MiB }\nlayout: split', 'app: { args: -jar x.jar }'),
    'mmap_none inside your program can lie in layout isolated',
  ],
  [jvmProfile('', 'app: { args: -Xmx1g }'), 'expected -jar FILE, a main class or -m MODULE'],
  [jvmProfile('', 'app: { args: "-jar \'x.jar" }'), 'as text with its quotes closed'],
  [jvmProfile('', 'app: { ready: { log: "(" } }'), 'jvm.app.ready.log: expected a regular expression'],
  [jvmProfile('', 'app: { ready: { port: 0 } }'), 'jvm.app.ready.port: expected a whole number from 1 to 65535'],
  [jvmProfile('', 'flags: [-XX:+UseZGC]'), 'use jvm.collector'],
  [
    jvmProfile('', 'flags: [-XX:+DisableExplicitGC], loads: [{ load: heap_wave }]'),
    'jvm.flags[0]: System.gc() does nothing under -XX:+DisableExplicitGC, and heap_wave calls it; leave the flag out, or set gcAtLow: false of heap_wave',
  ],
  [
    jvmProfile('', 'flags: [-XX:-DisableExplicitGC, -XX:+DisableExplicitGC], loads: [{ load: direct_buffers }]'),
    'jvm.flags[1]: System.gc() does nothing under -XX:+DisableExplicitGC, and direct_buffers calls it; leave the flag out, or set gcPeriod: 0ms of direct_buffers',
  ],
  [jvmProfile('', 'flags: [Xmx1g]'), 'expected a flag of java such as -Xmx1g, got "Xmx1g"'],
  [jvmProfile('', 'jdk: new'), 'expected a version such as 17'],
  [jvmProfile('', 'collector: g2'), 'did you mean g1?'],
  [jvmProfile('', 'loads: [{ load: heap_wave, hihg: 1MiB }]'), 'unknown key; did you mean high?'],
  [jvmProfile('', 'loads: [{ load: heap_wave, low: 2MiB, high: 1MiB }]'), 'expected low to be less than high'],
  [
    jvmProfile('', 'loads: [{ load: heap_wave, low: 256MiB }]'),
    'loads[0].low: expected low to be less than high, 256 MiB, its default, and it is 256 MiB',
  ],
  [
    jvmProfile('', 'loads: [{ load: mapped_files, live: 0 }]'),
    'loads[0].live: expected a whole number from 1 to 10000, got 0',
  ],
  [
    jvmProfile('', 'loads: [{ load: thread_churn, live: 20000 }]'),
    'loads[0].live: expected a whole number from 1 to 10000, got 20000',
  ],
  [
    jvmProfile('', 'loads: [{ load: thread_churn, stackSize: 256KiB, touchSize: 129KiB }]'),
    'loads[0].touchSize: expected touchSize to be at most half of stackSize, 256 KiB, and it is 129 KiB',
  ],
  [
    jvmProfile('', 'loads: [{ load: malloc_churn, threads: 257 }]'),
    'loads[0].threads: expected a whole number from 1 to 256, got 257',
  ],
  [
    jvmProfile('', 'loads: [{ load: steady_allocation, objectSize: 64MiB }]'),
    'loads[0].objectSize: expected liveSize to be at least objectSize, 64 MiB, and it is 32 MiB, its default',
  ],
  [
    jvmProfile('', 'loads: [{ load: steady_allocation, objectSize: 32B, liveSize: 3GiB }]'),
    'loads[0].liveSize: expected at most 2 GiB, 2^26 objects of 32 B, got 3 GiB',
  ],
  [jvmProfile('', 'app: { args: ["-jar", "a\\nb"] }'), 'jvm.app.args[1]: expected a word without line breaks'],
  [jvmProfile('', 'app: { args: A, environment: { X: "a\\nb" } }'), 'expected a value without line breaks'],
  [jvmProfile('', 'app: { args: A, environment: { X=Y: b } }'), 'jvm.app.environment'],
  [jvmProfile('', 'allocator: { name: mimalloc, path: lib/x.so }'), 'allocator.path: expected an absolute path'],
  [
    jvmProfile('holder: { operation: read_smaps }', 'app: { args: A, probes: false }'),
    'read_smaps reads about the process with the probes, and this arm has no probes',
  ],
  [jvmProfile('kernels: [deb:6.12]', 'app: { args: A }'), 'your program runs only on this machine’s kernel'],
  [jvmProfile('', 'app: { args: -jar x.jar }, loads: [{ load: heap_wave }]'), 'leave out loads, or app'],
  [jvmProfile('', undefined, '[{ operation: first_fault, rate: back-to-back }]'), 'give it a rate such as 1000/s'],
  [
    jvmProfile('duration: 1h', undefined, '[{ operation: first_fault, rate: 1000/s }]'),
    'fresh mappings used by first_fault in warmup and duration',
  ],
  [
    jvmProfile('', undefined, '[{ operation: timer, rate: 1/s }, { operation: timer, rate: 2/s }]'),
    'another victim has the series control.timer',
  ],
  [jvmProfile('', 'threads: { G1 Service: low }'), 'expected a nice value from -20 to 19, or a mapping'],
  [
    jvmProfile('issues: { madvise.FREE: { atLeast: 0 } }'),
    'issues.madvise.FREE.atLeast: expected a whole number from 1',
  ],
  [
    'name: p\ntitle: P\nholder: { operation: madvise_free }\nvictims: [{ operation: request, rate: 1000/s }]\narms: [{ name: a }]\n',
    'request is an operation of a JVM, and this arm has no `jvm`',
  ],
])('%s is refused', async (text, part) => {
  const problems = await problemsIn(text);
  expect(problems.join('\n')).toContain(part);
});

test.each([
  'flags: [-XX:+DisableExplicitGC], loads: [{ load: heap_wave, gcAtLow: false }]',
  'flags: [-XX:+DisableExplicitGC], loads: [{ load: direct_buffers, gcPeriod: 0ms }, { load: steady_allocation }]',
  'flags: [-XX:+DisableExplicitGC, -XX:-DisableExplicitGC], loads: [{ load: heap_wave }]',
])('a load that does not need System.gc(), or has it, is accepted: %s', async (jvm) => {
  expect(await problemsIn(jvmProfile('', jvm))).toEqual([]);
});
