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

  test.each(['madvise_free', 'madvise_cold', 'madvise_guard', 'madvise_populate_write', 'read_smaps'])('%s needs no toucher', async (operation) => {
    expect(
      await problemsIn(
        valid(`arms: [{ name: a, holder: { operation: ${operation}, toucher: none } }]`),
      ),
    ).toEqual([]);
  });

  test('a limit on CPU time is below its period, and a native holder’s', async () => {
    const holder = (quota: string, more = '') => valid(`arms: [{ name: a, holder: { operation: madvise_free, cpuMax: { quota: ${quota}, period: 200ms } }${more} }]`);
    expect(await problemsIn(holder('10ms'))).toEqual([]);
    expect(await problemsIn(holder('200ms'))).toEqual([expect.stringContaining('arms.a.holder.cpuMax.quota: one thread never uses all of a quota as long as its period; expected a quota below the period')]);
    expect((await problemsIn(holder('10ms', ', churn: { minSize: 1KiB, maxSize: 1MiB }'))).join()).toContain('arms.a.holder.cpuMax: only the holder of a native arm can be limited');
  });

  test('a writing holder is possible in isolation only', async () => {
    const text = valid('arms: [{ name: a, layout: split, holder: { operation: mmap_none } }]');
    expect(await problemsIn(text)).toEqual([
      'p.yaml:5:27 arms.a.layout: mmap_none cannot be the holder in layout split, for it maps or protects its region anew; use isolated, or a madvise operation',
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
      expect.stringContaining(
        'victims[1].layout: first_fault cannot lie in layout adjacent; use isolated',
      ),
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
    ['malloc_1m_mmap', 'malloc_1m_heap', 'each needs the process-wide M_MMAP_THRESHOLD at another value'],
    ['brk', 'malloc_8k', 'one moves the program break'],
    ['thread_start_join', 'brk', 'one moves the program break'],
  ])('%s and %s need the allocator in different states', async (one, other, reason) => {
    const victims = `[{ operation: ${one}, rate: 1/s }, { operation: ${other}, rate: 1/s }]`;
    expect(await problemsIn(valid('', victims))).toEqual([
      expect.stringContaining(`victims[1].operation: ${other} cannot be in one arm with ${one}: ${reason}`),
    ]);
  });

  test.each([['malloc_1m_mmap', 'malloc_8k'], ['brk', 'mremap'], ['thread_start_join', 'malloc_1m_heap']])('%s and %s go together', async (one, other) => {
    expect(await problemsIn(valid('', `[{ operation: ${one}, rate: 1/s }, { operation: ${other}, rate: 1/s }]`))).toEqual([]);
  });

  test('a victim that needs the allocator as its holder does not', async () => {
    const arms = (operation: string) => `arms: [{ name: a, holder: { operation: ${operation} } }]`;
    expect(await problemsIn(valid(arms('malloc_trim'), '[{ operation: brk, rate: 1/s }]'))).toEqual([
      expect.stringContaining('victims[0].operation: brk cannot be in one arm with the holder’s malloc_trim: one moves the program break'),
    ]);
    expect(await problemsIn(valid(arms('munmap_mmap'), '[{ operation: malloc_1m_mmap, rate: 1/s }]'))).toEqual([
      expect.stringContaining('a block that one maps could land where the other has just unmapped'),
    ]);
    expect(await problemsIn(valid(arms('malloc_trim'), '[{ operation: malloc_8k, rate: 1/s }]'))).toEqual([]);
  });

  test('the heap has one layout', async () => {
    const text = valid('arms: [{ name: a, layout: split, holder: { operation: malloc_trim } }]');
    expect(await problemsIn(text)).toEqual([
      expect.stringContaining('malloc_trim cannot be the holder in layout split, for its region is the heap; use isolated'),
    ]);
  });

  test.each([
    ['process_madvise', 'split'],
    ['mprotect_region', 'split'],
    ['read_smaps', 'same'],
    ['madvise_guard', 'adjacent'],
  ])('%s is possible in layout %s', async (operation, layout) => {
    expect(await problemsIn(valid(`arms: [{ name: a, layout: ${layout}, holder: { operation: ${operation} } }]`))).toEqual([]);
  });

  test.each(['holder', 'hogs'])('a real-time policy of the %s beside a calibrated region', async (who) => {
    expect(await problemsIn(valid(`arms: [{ name: a, ${who}: { policy: fifo, rtPriority: 10 } }]`))).toEqual([
      expect.stringMatching(`arms.a.${who}.policy: how long a fifo thread .* give holder.region a size such as 64MiB`),
    ]);
    const holder = who === 'holder' ? 'holder: { policy: rr, region: 64MiB }' : 'hogs: { policy: rr }, holder: { region: 64MiB }';
    expect(await problemsIn(valid(`arms: [{ name: a, ${holder} }]`))).toEqual([]);
  });

  test('a layout in which no victim lies', async () => {
    expect(await problemsIn(valid('layout: same', '[{ operation: timer, rate: 1/s }]'))).toEqual([
      expect.stringContaining('layout: no victim lies in layout same'),
    ]);
  });

  test('a foreign holder beside a victim', async () => {
    const text = valid('arms: [{ name: a, layout: same, holder: { process: foreign } }]');
    expect(await problemsIn(text)).toEqual([
      expect.stringContaining(
        'arms.a.holder.process: a holder in another process has no memory beside a victim',
      ),
    ]);
  });

  test('two victims of one series', async () => {
    const victims = (role: string) =>
      `[{ operation: timer, rate: 1/s }, { operation: timer, rate: 2/s${role} }]`;
    expect(await problemsIn(valid('', victims('')))).toEqual([
      expect.stringContaining(
        'victims[1]: another victim has the series control.timer; give one of them a `role` such as b',
      ),
    ]);
    expect(await problemsIn(valid('', victims(', role: b')))).toEqual([]);
    expect(await problemsIn(valid('', victims(', role: holder')))).toHaveLength(1);
  });

  test('first faults beyond what a process may map, over all victims of an arm', async () => {
    // 5.2 s of warm-up, window and drain: 4,800 per second use 24,960 mappings.
    expect(await problemsIn(only('operation: first_fault, rate: 4800/s'))).toEqual([]);
    const two =
      '[{ operation: first_fault, rate: 4800/s }, { operation: first_fault, rate: 10/s, role: b }]';
    expect(await problemsIn(valid('', two))).toEqual([
      expect.stringContaining(
        'victims[1].rate: expected at most 25000 mappings used by first_fault in warmup, duration and drain, got 25013',
      ),
    ]);
  });

  test('warm faults beyond a million pages', async () => {
    expect(await problemsIn(only('operation: warm_fault, rate: 192000/s'))).toEqual([]);
    expect(await problemsIn(only('operation: warm_fault, rate: 193000/s'))).toEqual([
      expect.stringContaining('expected at most 1000000 pages used by warm_fault'),
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
      expect.stringContaining(
        'victims[0].rate: at this rate not one operation is due within the window',
      ),
    ]);
  });

  test('names of arms', async () => {
    expect(await problemsIn(valid('arms: []'))).toEqual([
      'p.yaml:5:7 arms: expected a list of 1 to 100 arms, got an empty list',
    ]);
    expect(
      await problemsIn(
        valid(
          'arms: [{ name: a }, { name: a }, { name: idle-control }, { name: foreign-control }]',
        ),
      ),
    ).toEqual([
      'p.yaml:5:29 arms.a.name: another arm is named a; names tell arms apart, choose another one',
      'p.yaml:5:42 arms.idle-control.name: idle-control is a control that every experiment has; choose another name',
      'p.yaml:5:66 arms.foreign-control.name: foreign-control is a control that every experiment has; choose another name',
    ]);
  });

  test('controls of an arm that is not there', async () => {
    expect(
      await problemsIn(
        valid('controls: { of: split-vma }\narms: [{ name: split-vmas }, { name: other }]'),
      ),
    ).toEqual([
      'p.yaml:5:17 controls.of: expected the name of an arm, got split-vma; did you mean split-vmas?',
    ]);
    expect(
      await problemsIn(valid('controls: { of: zzzzzz }\narms: [{ name: a }, { name: b }]')),
    ).toEqual([
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
      expect.stringContaining('makes calls of sizes of its own, so no region can be calibrated; give holder.region a size'),
    ]);
    expect(
      await problemsIn(text('{ operation: madvise_dontneed_chunks, region: 64MiB }')),
    ).toEqual([
      'p.yaml:3:55 holder.region: expected at least 128 MiB for 2 allocating threads, got 64 MiB',
    ]);
    expect(
      await problemsIn(text('{ operation: madvise_dontneed_chunks, region: 128MiB }')),
    ).toEqual([]);
  });

  test('a problem of all arms is told once, where it was written', async () => {
    const text =
      'name: p\ntitle: P\nholder: { operation: mmap_none, toucher: none }\nvictims: [{ operation: timer, rate: 1/s }]\narms: [{ name: a }, { name: b }]\n';
    expect(await problemsIn(text)).toEqual([
      expect.stringMatching(/^p\.yaml:3:42 holder\.toucher: /),
    ]);
  });
});
