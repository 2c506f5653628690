import { describe, expect, test } from 'vitest';
import { problemsIn, valid } from './files.js';

const durations = 'a duration such as 20ms (units: ns, us, ms, s, m, h)';

describe('where and how a profile is wrong', () => {
  test('line ends of Windows and a byte order mark change nothing', async () => {
    const text = `\uFEFF${valid('runs: 0')}`.replaceAll('\n', '\r\n');
    expect(await problemsIn(text)).toEqual(['p.yaml:5:7 runs: expected a whole number from 1 to 1000, got 0']);
  });

  test('a valid profile has no problems', async () => {
    expect(await problemsIn(valid())).toEqual([]);
  });

  test.each([
    ['duration: 5', `duration: expected ${durations}, from 10ms to 24h, got 5 without a unit`],
    ['warmup: -3ms', `warmup: expected ${durations}, from 0ms to 1h, got "-3ms"`],
    ['drain: 2h', `drain: expected ${durations}, from 0ms to 1h, got "2h"`],
    ['drain: 0.1ns', `drain: expected ${durations} that is a whole number of ns, got "0.1ns"`],
    ['runs: 1.5', 'runs: expected a whole number from 1 to 1000, got 1.5'],
    ['runs: .nan', 'runs: expected a whole number from 1 to 1000, got NaN'],
    ['seed:', 'seed: expected a whole number from 0 to 4294967295, got nothing'],
    ['spoiled: { steal: 5 }', 'spoiled.steal: expected a share from 0% to 100%, such as 5%, got 5 without a unit'],
    [
      'layout: splitt',
      'layout: expected one of isolated, split, same, mergeable, adjacent, got "splitt"; did you mean split?',
    ],
    [
      'hogs: 3',
      'hogs: expected a mapping with some of the keys count, nice, policy, rtPriority, slice, cpus, burst, cpuWeight, got 3',
    ],
    ['hogs: { burst: { run: 60 } }', `hogs.burst.run: expected ${durations}, from 1ms to 10s, got 60 without a unit`],
    [
      'hogs: { burst: stedy }',
      'hogs.burst: expected steady or a mapping with the keys run and sleep, such as { run: 60ms, sleep: 20ms }, got "stedy"; did you mean steady?',
    ],
    ['hogs: { policy: fifo, rtPriority: 100 }', 'hogs.rtPriority: expected a whole number from 1 to 99, got 100'],
    ['hogs: { policy: rt }', 'hogs.policy: expected one of other, batch, idle, fifo, rr, got "rt"; did you mean rr?'],
    ['hogs: { cpus: [0, x] }', 'hogs.cpus[1]: expected a whole number from 0 to 4095, got "x"'],
    [
      'hogs: { cpus: secnd }',
      'hogs.cpus: expected first, second, a CPU number or a list of CPU numbers, got "secnd"; did you mean second?',
    ],
    ['hogs: { nicee: 3 }', 'hogs.nicee: unknown key; did you mean nice?'],
    [
      'hogs: { colour: red }',
      'hogs.colour: unknown key; the keys here are count, nice, policy, rtPriority, slice, cpus, burst, cpuWeight',
    ],
    ['durration: 3s', 'durration: unknown key; did you mean duration?'],
    ['stall: { burst: { x: 1 } }', 'stall.burst: unknown key; the keys here are aim, leastHold'],
    [
      'arms: [{ name: a, runs: 3 }]',
      'arms.a.runs: unknown key; the keys here are name, title, jvm, churn, allocator, purge, threads, issues, stall, layout, holder, agent, hogs, ioHogs, victims',
    ],
    [
      'arms: [{ name: a, holder: { region: 256MB } }]',
      'arms.a.holder.region: expected calibrated, a size such as 256MiB, from 4KiB to 16TiB (units: B, KiB, MiB, GiB, TiB), or a CPU time of a call such as { hold: 2ms }, got "256MB"',
    ],
  ])('%s', async (line, problem) => {
    const problems = await problemsIn(valid(line));
    expect(problems.map((one) => one.replace(/^\S+ /, ''))).toContain(problem);
  });

  test('a value is reported at its own line and column, a key at its own', async () => {
    const text = valid('hogs:\n  count: 1\n  nice:   25\n  polcy: idle');
    expect(await problemsIn(text)).toEqual([
      'p.yaml:7:11 hogs.nice: expected a whole number from -20 to 19, got 25',
      'p.yaml:8:3 hogs.polcy: unknown key; did you mean policy?',
    ]);
  });

  test('what is missing is reported where it should be', async () => {
    expect(await problemsIn('name: p\narms:\n  - name: a\n')).toEqual([
      'p.yaml:1:1 title: expected a title on one line, got nothing',
    ]);
    expect(await problemsIn('name: p\ntitle: P\narms:\n  - name: a\n')).toEqual([
      'p.yaml:4:5 arms.a.holder.operation: expected one of madvise_dontneed, madvise_dontneed_locked, madvise_free, process_madvise, process_madvise_batch_inside, process_madvise_batch_first, process_madvise_batch_last, malloc_trim, madvise_dontneed_chunks, parallel_dontneed, parallel_free, madvise_cold, madvise_pageout, madvise_willneed, madvise_populate_write, madvise_populate_read, madvise_guard, madvise_guard_remove, read_smaps, read_smaps_rollup, read_numa_maps, read_pagemap, read_maps, read_own_smaps, write_clear_refs, fork, madvise_collapse, mremap_region, mprotect_region, mmap_none, munmap_mmap, got nothing',
      'p.yaml:4:5 arms.a.victims: expected a list of at least one victim, got nothing',
    ]);
  });

  test('a key without a value is reported at the key or behind it', async () => {
    expect(await problemsIn(valid('runs:'))).toEqual([
      'p.yaml:5:6 runs: expected a whole number from 1 to 1000, got nothing',
    ]);
    expect(await problemsIn(valid('hogs: { count }'))).toEqual([
      'p.yaml:5:9 hogs.count: expected a whole number from 0 to 64, got nothing',
    ]);
  });

  test('an aliased value is reported where it was written', async () => {
    const text = valid('hogs: &h { nice: 30 }\narms: [{ name: a, hogs: *h }]');
    expect(await problemsIn(text)).toEqual([
      'p.yaml:5:18 arms.a.hogs.nice: expected a whole number from -20 to 19, got 30',
      'p.yaml:5:18 hogs.nice: expected a whole number from -20 to 19, got 30',
    ]);
  });
});

describe('what is no profile at all', () => {
  test.each([
    ['', 'p.yaml:1:1: expected a profile, a mapping with keys such as name and arms, got nothing'],
    ['- a', 'p.yaml:1:1: expected a profile, a mapping with keys such as name and arms, got a list'],
    ['name: a\nname: b', 'p.yaml:2:1 name: the key is written twice; remove one of them'],
    ['hogs: { nice: 1,\n  nice: 2 }', 'p.yaml:2:3 hogs.nice: the key is written twice; remove one of them'],
    ['1: a', 'p.yaml:1:1: expected a word as key, got 1'],
    [
      'name: [a',
      'p.yaml:1:9: not valid YAML: flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    ['name: *gone', 'p.yaml:1:7 name: the alias *gone has no anchor &gone before it'],
    ['name: a\n---\nname: b', 'p.yaml:2:1: expected one YAML document, got a second one; remove this line'],
    ['\ttitle: a', 'p.yaml:1:1: not valid YAML: tabs are not allowed as indentation'],
    ['name: !secret a', 'p.yaml:1:7: not valid YAML: unresolved tag: !secret'],
  ])('%j', async (text, problem) => {
    expect(await problemsIn(text)).toContain(problem);
  });

  test('keys of JavaScript’s own are unknown keys like others', async () => {
    expect(await problemsIn(valid('__proto__: { nice: 3 }\nconstructor: 1'))).toEqual([
      expect.stringMatching(/^p\.yaml:5:1 __proto__: unknown key/),
      expect.stringMatching(/^p\.yaml:6:1 constructor: unknown key/),
    ]);
  });

  test('aliases of aliases are followed only so far', async () => {
    const ten = (name: string) => `[${Array.from({ length: 10 }, () => name).join(',')}]`;
    const bomb = `a: &a ${ten('x')}\nb: &b ${ten('*a')}\nc: &c ${ten('*b')}\nd: &d ${ten('*c')}\ne: ${ten('*d')}\n`;
    expect(await problemsIn(bomb)).toEqual([expect.stringContaining('expected at most 20000 values')]);
    expect(await problemsIn('a: &a { b: *a }')).toEqual([expect.stringContaining('nested at most 32 deep')]);
  });

  test.each(['[', '{ a: ', '- ', '? ', '[{'])('nesting by %j that no stack holds is refused', async (open) => {
    expect(await problemsIn(`a:\n  ${open.repeat(20_000)}`)).toEqual([
      expect.stringContaining('nested at most 32 deep'),
    ]);
  });

  test('nesting by indentation that no stack holds is refused', async () => {
    const deep = Array.from({ length: 1_500 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n');
    expect(await problemsIn(deep)).toEqual([expect.stringContaining('nested at most 32 deep')]);
  });

  test.each(['a: ', '- ', '? ', '- a: '])('nesting by %j in one line is refused', async (indicator) => {
    expect(await problemsIn(`a:\n  ${indicator.repeat(10_000)}1`)).toEqual([
      expect.stringContaining('nested at most 32 deep'),
    ]);
  });
});
