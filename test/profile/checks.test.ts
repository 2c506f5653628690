import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { problemsIn, valid } from './files.js';

/** One victim in full, as the only one. */
const only = (victim: string) => valid('', `[{ ${victim} }]`);

describe('settings that do not fit together', () => {
  test.each(['madvise_dontneed', 'process_madvise', 'malloc_trim', 'mmap_none', 'munmap_mmap'])(
    '%s without a toucher',
    async (operation) => {
      const holder = (more: string) =>
        valid(`arms: [{ name: a, holder: { operation: ${operation}, toucher: none${more} } }]`);
      expect(await problemsIn(holder(''))).toEqual([
        expect.stringContaining(
          `arms.a.holder.toucher: after its first call ${operation} has nothing left to release; leave out \`toucher: none\``,
        ),
      ]);
      expect(await problemsIn(holder(', active: false'))).toEqual([]);
    },
  );

  test.each(['madvise_free', 'madvise_cold', 'madvise_guard', 'madvise_populate_write', 'read_smaps'])(
    '%s needs no toucher',
    async (operation) => {
      expect(
        await problemsIn(valid(`arms: [{ name: a, holder: { operation: ${operation}, toucher: none } }]`)),
      ).toEqual([]);
    },
  );

  test('a limit on CPU time is below its period, and a native holder’s', async () => {
    const holder = (quota: string, more = '') =>
      valid(
        `arms: [{ name: a, holder: { operation: madvise_free, cpuMax: { quota: ${quota}, period: 200ms } }${more} }]`,
      );
    expect(await problemsIn(holder('10ms'))).toEqual([]);
    expect(await problemsIn(holder('200ms'))).toEqual([
      expect.stringContaining(
        'arms.a.holder.cpuMax.quota: expected a quota below the period: a single thread never uses up a quota of a whole period',
      ),
    ]);
    expect((await problemsIn(holder('10ms', ', churn: { minSize: 1KiB, maxSize: 1MiB }'))).join()).toContain(
      'arms.a.holder.cpuMax: only the holder of a native arm can be limited',
    );
  });

  test('an agent has a program and a place for a pid, and beside a JVM a load', async () => {
    const agent = (settings: string, more = '') =>
      valid(`agent: ${settings}\narms: [{ name: a, holder: { operation: madvise_free }${more} }]`);
    expect(await problemsIn(agent("{ command: [cat, '/proc/{pid}/smaps'] }"))).toEqual([]);
    const bad: [string, string][] = [
      ['{ nice: 19 }', 'agent.command: expected a list of words such as [cat, "/proc/{pid}/smaps"], got nothing'],
      ['{ command: [] }', 'agent.command: expected a list of 1 to 100 words'],
      ['{ command: [cat, /proc/1/smaps] }', 'agent.command: expected {pid} in one of its words'],
      ["{ command: ['/proc/{pid}/exe', x] }", 'agent.command[0]: expected a program, got /proc/{pid}/exe'],
      ["{ command: [cat, '{pid}'], mode: once }", 'agent.mode: expected repeat or stay'],
      ["{ command: [cat, '{pid}'], nice: 20 }", 'agent.nice: expected a whole number from -20 to 19'],
      ["{ command: [cat, '{pid}'], pause: -1ms }", 'agent.pause: expected a duration'],
    ];
    for (const [settings, problem] of bad) expect((await problemsIn(agent(settings))).join()).toContain(problem);
    const beside = (arm: string) =>
      problemsIn(
        `name: p\ntitle: P\nagent: { command: [cat, '{pid}'] }\nvictims: [{ operation: timer, rate: 10/s }]\narms: [{ name: a, ${arm} }]\n`,
      );
    expect(await beside('churn: { minSize: 1KiB, maxSize: 1MiB }')).toEqual([]);
    expect(await beside('jvm: { loads: [{ load: heap_wave }] }')).toEqual([]);
    expect(await beside('jvm: {}')).toEqual([
      expect.stringContaining('agent: without a load there is no second JVM in the foreign control'),
    ]);
    expect(await beside('jvm: {}, agent: none')).toEqual([]);
  });

  test('I/O hogs are beside a native arm, and their files have bounds', async () => {
    const hogs = (settings: string, more = '') =>
      valid(`ioHogs: ${settings}\narms: [{ name: a, holder: { operation: madvise_free }${more} }]`);
    expect(await problemsIn(hogs('{ count: 4, fileSize: 16MiB, atMost: 1GiB, nice: 19 }'))).toEqual([]);
    const bad: [string, string][] = [
      ['{ count: 0 }', 'ioHogs.count: expected a whole number from 1 to 64'],
      ['{ fileSize: 2GiB }', 'ioHogs.fileSize: expected a size'],
      ['{ atMost: 2TiB }', 'ioHogs.atMost: expected a size'],
      ['many', 'ioHogs: expected none or a mapping'],
    ];
    for (const [settings, problem] of bad) expect((await problemsIn(hogs(settings))).join()).toContain(problem);
    expect((await problemsIn(hogs('{}', ', churn: { minSize: 1KiB, maxSize: 1MiB }'))).join()).toContain(
      'ioHogs: only a native arm can have I/O hogs',
    );
  });

  test('a batch knows where its ranges lie in a region of two VMAs only', async () => {
    const vmas = (operation: string) =>
      problemsIn(valid(`layout: split\narms: [{ name: a, holder: { operation: ${operation}, vmas: 3 } }]`));
    expect((await vmas('process_madvise_batch_first')).join()).toContain(
      'holder.vmas: process_madvise_batch_first knows which of its ranges crosses in a region of 2 VMAs',
    );
    expect(await vmas('process_madvise')).toEqual([]);
  });

  test('file faults use up a file of 256 MiB at most', async () => {
    const faults = (duration: string) =>
      problemsIn(
        `name: p\ntitle: P\nduration: ${duration}\nholder: { operation: madvise_free }\nvictims: [{ operation: file_fault, rate: 1000/s }]\narms: [{ name: a }]\n`,
      );
    expect(await faults('60s')).toEqual([]);
    expect((await faults('70s')).join()).toContain('expected at most 65536 fresh pages of files used by file_fault');
  });

  test('many VMAs need layout split, and vm.max_map_count', async () => {
    const holder = (vmas: number, layout: string) =>
      valid(`arms: [{ name: a, layout: ${layout}, holder: { operation: read_smaps, vmas: ${vmas} } }]`);
    expect(await problemsIn(holder(10_000, 'split'))).toEqual([]);
    expect(await problemsIn(holder(10_000, 'isolated'))).toEqual([
      expect.stringContaining(
        'arms.a.holder.vmas: in layout isolated the region is one VMA; leave this out, or use `layout: split`',
      ),
    ]);
    expect(await problemsIn(holder(1_000_000, 'split'))).toEqual([
      expect.stringMatching(
        /arms\.a\.holder\.vmas: expected at most \d+ VMAs in a region, got 1000000, because vm\.max_map_count is \d+, .*; raise it \(sysctl vm\.max_map_count=1010000\), or give a smaller number$/,
      ),
    ]);
  });

  test('huge pages leave nothing to collapse', async () => {
    const text = valid('arms: [{ name: a, holder: { operation: madvise_collapse, pages: huge } }]');
    expect(await problemsIn(text)).toEqual([
      expect.stringContaining(
        'arms.a.holder.pages: a region of huge pages leaves madvise_collapse nothing to collapse',
      ),
    ]);
  });

  test('a writing holder is possible in isolation only', async () => {
    const text = valid('arms: [{ name: a, layout: split, holder: { operation: mmap_none } }]');
    expect(await problemsIn(text)).toEqual([
      'p.yaml:5:27 arms.a.layout: mmap_none cannot be the holder in layout split, because each call maps or protects its region again; use isolated, or a madvise operation',
    ]);
  });

  test('a victim that cannot lie beside the holder must say where it lies', async () => {
    const victims = (own: string) =>
      `[{ operation: mprotect, rate: 1/s }, { operation: first_fault, rate: 1/s${own} }, { operation: timer, rate: 1/s }]`;
    expect(await problemsIn(valid('layout: same', victims('')))).toEqual([
      'p.yaml:4:47 victims[1]: first_fault cannot lie in layout same; give this victim `layout: isolated`',
    ]);
    expect(await problemsIn(valid('layout: same', victims(', layout: isolated')))).toEqual([]);
    expect(await problemsIn(valid('layout: split', victims('')))).toEqual([]);
    expect(await problemsIn(valid('', victims(', layout: adjacent')))).toEqual([
      expect.stringContaining('victims[1].layout: first_fault cannot lie in layout adjacent; use isolated'),
    ]);
  });

  test('a victim of its own two VMAs lies beside nobody', async () => {
    expect(await problemsIn(only('operation: madvise_free_page, rate: 1/s, layout: crossing'))).toEqual([]);
    const foreign = 'arms: [{ name: a, holder: { process: foreign } }]';
    const crossing = '[{ operation: madvise_free_page, rate: 1/s, layout: crossing }]';
    expect(await problemsIn(valid(foreign, crossing))).toEqual([]);
    expect(await problemsIn(only('operation: mmap_munmap, rate: 1/s, layout: crossing'))).toEqual([
      expect.stringContaining('mmap_munmap cannot lie in layout crossing; use isolated, same, mergeable, adjacent'),
    ]);
    expect(await problemsIn(valid('layout: crossing'))).toEqual([
      expect.stringContaining('layout: expected one of isolated, split, same, mergeable, adjacent, got "crossing"'),
    ]);
  });

  test.each([
    ['malloc_1m_mmap', 'malloc_1m_heap', 'they need different values of the process-wide M_MMAP_THRESHOLD'],
    ['brk', 'malloc_8k', 'one of them moves the program break'],
    ['thread_start_join', 'brk', 'one of them moves the program break'],
  ])('%s and %s need the allocator in different states', async (one, other, reason) => {
    const victims = `[{ operation: ${one}, rate: 1/s }, { operation: ${other}, rate: 1/s }]`;
    expect(await problemsIn(valid('', victims))).toEqual([
      expect.stringContaining(`victims[1].operation: ${other} cannot be in one arm with ${one}: ${reason}`),
    ]);
  });

  test.each([
    ['malloc_1m_mmap', 'malloc_8k'],
    ['brk', 'mremap'],
    ['thread_start_join', 'malloc_1m_heap'],
  ])('%s and %s go together', async (one, other) => {
    expect(
      await problemsIn(valid('', `[{ operation: ${one}, rate: 1/s }, { operation: ${other}, rate: 1/s }]`)),
    ).toEqual([]);
  });

  test('a victim that needs the allocator as its holder does not', async () => {
    const arms = (operation: string) => `arms: [{ name: a, holder: { operation: ${operation} } }]`;
    expect(await problemsIn(valid(arms('malloc_trim'), '[{ operation: brk, rate: 1/s }]'))).toEqual([
      expect.stringContaining(
        'victims[0].operation: brk cannot be in one arm with the holder’s malloc_trim: one of them moves the program break',
      ),
    ]);
    expect(await problemsIn(valid(arms('munmap_mmap'), '[{ operation: malloc_1m_mmap, rate: 1/s }]'))).toEqual([
      expect.stringContaining('a block that one of them maps could land where the other has just unmapped'),
    ]);
    expect(await problemsIn(valid(arms('malloc_trim'), '[{ operation: malloc_8k, rate: 1/s }]'))).toEqual([]);
  });

  test('the heap has one layout', async () => {
    const text = valid('arms: [{ name: a, layout: split, holder: { operation: malloc_trim } }]');
    expect(await problemsIn(text)).toEqual([
      expect.stringContaining(
        'malloc_trim cannot be the holder in layout split, because its region is the heap; use isolated',
      ),
    ]);
  });

  test.each([
    ['process_madvise', 'split'],
    ['mprotect_region', 'split'],
    ['read_smaps', 'same'],
    ['madvise_guard', 'adjacent'],
  ])('%s is possible in layout %s', async (operation, layout) => {
    expect(
      await problemsIn(valid(`arms: [{ name: a, layout: ${layout}, holder: { operation: ${operation} } }]`)),
    ).toEqual([]);
  });

  test.each(['holder', 'hogs'])('a real-time policy of the %s beside a calibrated region', async (who) => {
    expect(await problemsIn(valid(`arms: [{ name: a, ${who}: { policy: fifo, rtPriority: 10 } }]`))).toEqual([
      expect.stringMatching(
        `arms.a.${who}.policy: a fifo thread has no weight .* give holder.region a size such as 64MiB`,
      ),
    ]);
    const holder =
      who === 'holder' ? 'holder: { policy: rr, region: 64MiB }' : 'hogs: { policy: rr }, holder: { region: 64MiB }';
    expect(await problemsIn(valid(`arms: [{ name: a, ${holder} }]`))).toEqual([]);
  });

  test.each([
    ['holder', 'holder: { policy: fifo, region: 64MiB, slice: 10ms }', 'holder'],
    ['hogs', 'holder: { region: 64MiB }, hogs: { policy: rr, slice: 10ms }', 'hogs'],
    ['toucher', 'holder: { region: 64MiB, toucher: { policy: rr, slice: 10ms } }', 'holder.toucher'],
  ])('a slice of a real-time thread: the %s', async (_, arm, path) => {
    expect(await problemsIn(valid(`arms: [{ name: a, ${arm} }]`))).toEqual([
      expect.stringMatching(
        `arms.a.${path}.slice: a (fifo|rr) thread has no slice; leave it out, or choose policy other, batch or idle`,
      ),
    ]);
    expect(await problemsIn(valid(`arms: [{ name: a, ${arm.replace(/policy: (fifo|rr), /, '')} }]`))).toEqual([]);
  });

  test('a layout in which no victim lies', async () => {
    expect(await problemsIn(valid('layout: same', '[{ operation: timer, rate: 1/s }]'))).toEqual([
      expect.stringContaining('layout: no victim lies in layout same'),
    ]);
  });

  test('a foreign holder beside a victim', async () => {
    const text = valid('arms: [{ name: a, layout: same, holder: { process: foreign } }]');
    expect(await problemsIn(text)).toEqual([
      expect.stringContaining('arms.a.holder.process: a holder in another process has no memory beside a victim'),
    ]);
  });

  test('two victims of one series', async () => {
    const victims = (role: string) => `[{ operation: timer, rate: 1/s }, { operation: timer, rate: 2/s${role} }]`;
    expect(await problemsIn(valid('', victims('')))).toEqual([
      expect.stringContaining(
        'victims[1]: another victim has the series control.timer; give one of them a `role` such as b',
      ),
    ]);
    expect(await problemsIn(valid('', victims(', role: b')))).toEqual([]);
    expect(await problemsIn(valid('', victims(', role: holder')))).toHaveLength(1);
  });

  describe('faults use up memory that is made before the window', () => {
    const most = Number(readFileSync('/proc/sys/vm/max_map_count', 'utf8')) - 10_000;
    const pair = (duration: string, rates: readonly [string, string]) =>
      valid(
        `warmup: 200ms\nduration: ${duration}`,
        `[{ operation: first_fault, rate: ${rates[0]} }, { operation: first_fault, rate: ${rates[1]}, role: b }]`,
      );

    test('the command of the pipelines fits: two readers at 500/s for 30 s, whatever vm.max_map_count is above the default', async () => {
      expect(await problemsIn(pair('30s', ['500/s', '500/s']))).toEqual([]);
    });

    test('operations that are due after the window are not made, so the drain takes none', async () => {
      expect(await problemsIn(`${pair('30s', ['500/s', '500/s'])}drain: 1h\n`)).toEqual([]);
    });

    test.each([
      ['24h', ['500/s', '500/s']],
      ['1h', ['1000/s', '100/s']],
      ['10m', ['5000/s', '5000/s']],
    ] as const)('%s at %s is refused with a duration and with rates that then fit', async (duration, rates) => {
      const [problem = ''] = await problemsIn(pair(duration, rates));
      expect(problem).toContain(
        `victims[1].rate: expected at most ${Math.min(most, 1_000_000)} fresh mappings used by first_fault in warmup and duration`,
      );
      const [, longest = ''] = /use --duration (\d+s)/.exec(problem) ?? [];
      const [, rate = ''] = /give each of victims\[0\], victims\[1\] a rate of at most (\d+\/s)/.exec(problem) ?? [];
      expect(await problemsIn(pair(longest, rates))).toEqual([]);
      if (rate !== '') expect(await problemsIn(pair(duration, [rate, rate]))).toEqual([]);
      // And no more than a second longer.
      expect(await problemsIn(pair(`${Number.parseInt(longest, 10) + 1}s`, rates))).toHaveLength(1);
    });

    test('a machine that is asked for more says how many mappings it would have to allow', async () => {
      const [problem = ''] = await problemsIn(pair('10m', ['600/s', '600/s']));
      if (most < 720_272)
        expect(problem).toMatch(
          /got 720272, because vm\.max_map_count is \d+, .*, or raise it \(sysctl vm\.max_map_count=730272\)$/,
        );
      else expect(problem).toBe('');
    });

    test('warm faults beyond a million pages', async () => {
      expect(await problemsIn(only('operation: warm_fault, rate: 312000/s'))).toEqual([]);
      expect(await problemsIn(only('operation: warm_fault, rate: 313000/s'))).toEqual([
        expect.stringMatching(
          /expected at most 1000000 fresh pages used by warm_fault .* use --duration 2s, or give it a rate of at most 312\d{3}\/s$/,
        ),
      ]);
    });
  });

  test('a holder’s VMA has two sides', async () => {
    const beside = (n: number) =>
      valid(
        '',
        `[${Array.from({ length: n }, (_, i) => `{ operation: mprotect, role: w${'abc'[i] ?? ''}, rate: 1/s, layout: ${i === 1 ? 'adjacent' : 'mergeable'} }`).join(', ')}]`,
      );
    expect(await problemsIn(beside(2))).toEqual([]);
    expect(await problemsIn(beside(3))).toEqual([
      expect.stringContaining('victims[2]: the holder’s VMA has two sides, and this is the third victim beside it'),
    ]);
  });

  test('a series’ name fits on the board', async () => {
    const role = (length: number) => only(`operation: mprotect, rate: 1/s, role: ${'a'.repeat(length)}`);
    expect(await problemsIn(role(54))).toEqual([]);
    expect(await problemsIn(role(55))).toEqual([
      expect.stringContaining('victims[0].role: expected a role of at most 54 characters beside mprotect, got 55'),
    ]);
  });

  test('a weight is of a cgroup with threads of the fair scheduler, in a native arm', async () => {
    const arm = (holder: string, hogs: string, more = '') =>
      valid(`arms: [{ name: a, holder: { operation: madvise_free, ${holder} }, hogs: { ${hogs} }${more} }]`);
    expect(await problemsIn(arm('cpuWeight: 10000', 'cpuWeight: 1'))).toEqual([]);
    expect(await problemsIn(arm('cpuWeight: 0', 'cpuWeight: 10001'))).toEqual([
      expect.stringContaining('arms.a.holder.cpuWeight: expected a whole number from 1 to 10000'),
      expect.stringContaining('arms.a.hogs.cpuWeight: expected a whole number from 1 to 10000'),
    ]);
    expect(await problemsIn(arm('policy: fifo, cpuWeight: 1, region: 1MiB', 'count: 0, cpuWeight: 1'))).toEqual([
      expect.stringContaining('arms.a.holder.cpuWeight: a fifo thread has no weight'),
      expect.stringContaining('arms.a.hogs.cpuWeight: there are no hogs to weigh'),
    ]);
    expect(
      await problemsIn(valid('arms: [{ name: a, churn: { minSize: 1KiB, maxSize: 1MiB }, hogs: { cpuWeight: 1 } }]')),
    ).toContainEqual(expect.stringContaining('arms.a.hogs.cpuWeight: only threads of a native arm can be weighed'));
  });

  test('kernels and models that are compared differ, and models are a guest’s', async () => {
    expect(await problemsIn(valid('kernels: [deb:6.12, host, deb:6.12]'))).toEqual([
      expect.stringContaining('kernels[2]: deb:6.12 is listed twice'),
    ]);
    expect(await problemsIn(valid('kernels: [deb:6.12]\npreempt: [full, full]'))).toEqual([
      expect.stringContaining('preempt[1]: full is listed twice'),
    ]);
    expect(await problemsIn(valid('features: [HRTICK, NO_HRTICK, HRTICK]'))).toEqual([
      expect.stringContaining('features[2]: HRTICK is listed twice'),
    ]);
    expect(await problemsIn(valid('features: [HRTICK, no_hrtick]'))).toEqual([
      expect.stringContaining('features[1]: expected a scheduler feature in capital letters'),
    ]);
    expect(await problemsIn(valid('features: [HRTICK, NO_HRTICK]'))).toEqual([]);
    expect(await problemsIn(valid('preempt: [full]'))).toEqual([
      expect.stringContaining('preempt: this applies to guests'),
    ]);
  });

  test('what uses up memory needs a rate', async () => {
    expect(await problemsIn(only('operation: first_fault, rate: back-to-back'))).toEqual([
      expect.stringContaining(
        'victims[0].rate: first_fault uses up memory that is made before the window; give it a rate',
      ),
    ]);
  });

  test('a rate at which nothing is due', async () => {
    expect(await problemsIn(only('operation: mprotect, rate: 10/min'))).toEqual([
      expect.stringContaining('victims[0].rate: at this rate no operation is due within the window'),
    ]);
  });

  test('names of arms', async () => {
    expect(await problemsIn(valid('arms: []'))).toEqual([
      'p.yaml:5:7 arms: expected a list of 1 to 100 arms, got an empty list',
    ]);
    expect(
      await problemsIn(valid('arms: [{ name: a }, { name: a }, { name: idle-control }, { name: foreign-control }]')),
    ).toEqual([
      'p.yaml:5:29 arms.a.name: another arm is named a; choose another name',
      'p.yaml:5:42 arms.idle-control.name: idle-control is a control that every experiment has; choose another name',
      'p.yaml:5:66 arms.foreign-control.name: foreign-control is a control that every experiment has; choose another name',
    ]);
  });

  test('controls of an arm that is not there', async () => {
    expect(
      await problemsIn(valid('controls: { of: split-vma }\narms: [{ name: split-vmas }, { name: other }]')),
    ).toEqual(['p.yaml:5:17 controls.of: expected the name of an arm, got split-vma; did you mean split-vmas?']);
    expect(await problemsIn(valid('controls: { of: zzzzzz }\narms: [{ name: a }, { name: b }]'))).toEqual([
      'p.yaml:5:17 controls.of: expected the name of an arm, got zzzzzz; the arms are a, b',
    ]);
  });

  test('allocating threads need the heap of a holder that releases in chunks, and that a size', async () => {
    const text = (holder: string) =>
      `name: p\ntitle: P\nholder: ${holder}\nvictims: [{ operation: heap_allocate, rate: 9/s }, { operation: heap_allocate, role: b, rate: 9/s }]\narms: [{ name: a }]\n`;
    expect(await problemsIn(text('{ operation: madvise_free }'))).toEqual([
      'p.yaml:4:24 victims[0].operation: heap_allocate works in the heap of the holder madvise_dontneed_chunks, and the holder is madvise_free; leave one of them out',
    ]);
    expect(await problemsIn(text('{ operation: madvise_dontneed_chunks }'))).toEqual([
      expect.stringContaining(
        'chooses the sizes of its calls, so no region can be calibrated; give holder.region a size',
      ),
    ]);
    expect(await problemsIn(text('{ operation: madvise_dontneed_chunks, region: 64MiB }'))).toEqual([
      'p.yaml:3:55 holder.region: expected at least 128 MiB for 2 allocating threads, got 64 MiB',
    ]);
    expect(await problemsIn(text('{ operation: madvise_dontneed_chunks, region: 128MiB }'))).toEqual([]);
  });

  test('a problem of all arms is told once, where it was written', async () => {
    const text =
      'name: p\ntitle: P\nholder: { operation: mmap_none, toucher: none }\nvictims: [{ operation: timer, rate: 1/s }]\narms: [{ name: a }, { name: b }]\n';
    expect(await problemsIn(text)).toEqual([expect.stringMatching(/^p\.yaml:3:42 holder\.toucher: /)]);
  });
});
