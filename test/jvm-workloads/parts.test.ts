/** Plans and loads of the JVM workloads by themselves: bad plans, pace and seed. On every JDK of this machine. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { jvmLoads, type JvmLoad } from '../../src/catalogue/jvm-loads.js';
import { jvmProbeNames } from '../../src/catalogue/jvm-probes.js';
import { compileJava, jar, nativeAccess, nativeLibrary } from '../support/jdks.js';
import { testJdks } from '../support/java.js';

const folder = mkdtempSync('/dev/shm/pauselab-test-parts-');
afterAll(() => {
  rmSync(folder, { recursive: true });
});
const classes = compileJava(join(folder, 'classes'), fileURLToPath(new URL('Parts.java', import.meta.url)));
const jdks = await testJdks();

let files = 0;
function file(text: string): string {
  const path = join(folder, `file-${(files += 1)}`);
  writeFileSync(path, text);
  return path;
}
const parts = (java: string, ...args: string[]): string[] =>
  execFileSync(
    java,
    [
      nativeAccess,
      '-XX:+UseSerialGC',
      '-Xms400m',
      '-Xmx400m',
      '-cp',
      `${classes}:${jar}`,
      'pauselab.load.Parts',
      ...args,
    ],
    { encoding: 'utf8', env: {} },
  )
    .trimEnd()
    .split('\n');

const head = 'board path=/b\nreport path=/r\nnative path=/n\n';
const timer = 'probe name=a operation=timer\n';
const badPlans: readonly (readonly [text: string, sentence: string])[] = [
  ['', 'plan: expected a line `board path=…`, found none'],
  ['board path=/b\n', 'plan: expected a line `report path=…`, found none'],
  ['board path=/b\nreport path=/r\n', 'plan: expected a line `native path=…`, found none'],
  [head, 'plan: expected at least one line `probe …`, `load …` or `holder …`, found none'],
  [`${head}# a comment\n\n${timer}board path=/c\n`, 'plan:7: expected one line `board`, got a second'],
  [`board path=b\n`, 'plan:1: expected an absolute path, got "b"'],
  [`board\n`, 'plan:1: board needs path=…'],
  [`board path=/b path=/c\n`, 'plan:1: the key path came twice'],
  [`board path=/b size=3\n`, 'plan:1: board does not know the key size'],
  [`${head}probe timer\n`, 'plan:4: expected key=value, got "timer"'],
  [`${head}sonde name=a\n`, 'plan:4: expected board, report, native, holder, probe or load, got "sonde"'],
  [`${head}probe name=a\n`, 'plan:4: probe needs operation=…'],
  [`${head}probe operation=timer\n`, 'plan:4: probe needs name=…'],
  [
    `${head}probe name=a operation=sleep\n`,
    `plan:4: expected one of ${[...jvmProbeNames].sort().join(', ')} for operation, got "sleep"`,
  ],
  [`${head}${timer}${timer}`, 'plan:5: expected one thread for the seat a, got a second'],
  [`${head}probe name=a operation=timer pool=3\n`, 'plan:4: probe does not know the key pool'],
  [`${head}probe name=a operation=first_fault\n`, 'plan:4: probe needs pool=…'],
  [`${head}probe name=a operation=first_fault pool=1000001\n`, 'plan:4: expected 17 to 1000000 for pool, got 1000001'],
  [`${head}probe name=a operation=warm_fault pool=x\n`, 'plan:4: expected a whole number for pool, got "x"'],
  [`${head}probe name=a operation=heap_allocation bytes=-1\n`, 'plan:4: expected a whole number for bytes, got "-1"'],
  [
    `${head}probe name=a operation=malloc_free min_bytes=100 max_bytes=99\n`,
    'plan:4: expected at least min_bytes=100 for max_bytes, got 99',
  ],
  [
    `${head}load name=a load=waves\n`,
    `plan:4: expected one of ${Object.keys(jvmLoads).sort().join(', ')} for load, got "waves"`,
  ],
  [
    `${head}load name=a load=heap_wave low_bytes=5 high_bytes=5\n`,
    'plan:4: expected more than low_bytes=5 for high_bytes, got 5',
  ],
  [`${head}load name=a load=heap_wave gc_at_low=2\n`, 'plan:4: expected 0 to 1 for gc_at_low, got 2'],
  [
    `${head}load name=a load=heap_wave period_ns=99999999999999999999\n`,
    'plan:4: expected a whole number for period_ns, got "99999999999999999999"',
  ],
  [`${head}load name=a load=thread_churn rate=5\n`, 'plan:4: load does not know the key rate'],
];

/** Three seconds of each. The heap has 400 MB. */
const loads: Readonly<Record<keyof typeof jvmLoads, string>> = {
  heap_wave: 'low_bytes=1048576 high_bytes=53477376 period_ns=500000000 grow_percent=50',
  steady_allocation: 'bytes_per_s=10240000 object_bytes=1024 live_bytes=1048576',
  direct_buffers: 'per_s=20 min_bytes=4096 max_bytes=65536 live=4 gc_period_ns=1000000000',
  malloc_churn: 'threads=1 per_s=500 min_bytes=4096 max_bytes=65536 live=16 burst_percent=50',
  inflater_churn: 'per_s=25 input_bytes=4096 end=0 gc_period_ns=1000000000',
  thread_churn: 'per_s=25 live=3',
  class_churn: 'per_s=50 per_loader=25 methods=5 gc_period_ns=1000000000',
  mapped_files: 'per_s=20 files=2 file_bytes=65536 live=3 gc_period_ns=1000000000',
  arena_churn: 'per_s=50 min_bytes=4096 max_bytes=65536 live=4',
  request_service: 'per_s=1500 bytes=4096 object_bytes=1024 live_bytes=1048576',
};
/** What has to be counted of each in these three seconds, by its own keys. */
const expected: Readonly<Record<keyof typeof jvmLoads, Readonly<Record<string, number>>>> = {
  heap_wave: { waves: 6, explicit_gcs: 6, allocated_bytes: 6 * 50 * 1_048_576, collections: 6 },
  steady_allocation: {},
  direct_buffers: { buffers: 60, explicit_gcs: 2, collections: 2 },
  malloc_churn: { blocks: 750 },
  inflater_churn: { pairs: 75, inflated_bytes: 75 * 4096, explicit_gcs: 2, collections: 2 },
  thread_churn: { threads: 75 },
  class_churn: { classes: 150, loaders: 6, explicit_gcs: 2, collections: 2 },
  mapped_files: { mappings: 60, mapped_bytes: 60 * 65536, explicit_gcs: 2, collections: 2 },
  arena_churn: { arenas: 150 },
  request_service: { requests: 4500 },
};

describe.each(jdks)('JDK $feature', ({ java, feature }) => {
  test('a bad plan is refused with its line, what was expected and what came', () => {
    const said = parts(
      java,
      'plans',
      file([...badPlans.map(([text]) => text), `${head}${timer}load name=b load=heap_wave\n`].join('\f')),
    );
    expect(said).toEqual([...badPlans.map(([, sentence]) => `2 ${sentence}`), '0 1 probes, 1 loads']);
  });

  test('sizes are log-uniform, and are the seed’s', () => {
    const of = (seed: number): { doublings: number[]; first: number[] } =>
      JSON.parse(parts(java, 'sizes', String(seed)).join('')) as never;
    const { doublings, first } = of(1);
    // 10,000 in 10 doublings: 1,000 ± 5 standard deviations of a binomial.
    expect(doublings.slice(0, 10).every((n) => Math.abs(n - 1000) < 150)).toBe(true);
    expect(doublings.slice(10)).toEqual([0, 0]);
    expect(of(1).first).toEqual(first);
    expect(of(2).first).not.toEqual(first);
  });

  test('a load that is held up drops its ticks of the window, each once, and does nothing after the window', () => {
    const [tenths, others] = [24, 37].map((n) => `false {explicit_gcs=1, ticks=12, dropped_ticks=${n}}`);
    // In a tick, and in the sleep before one.
    expect(parts(java, 'paces')).toEqual([tenths, tenths, others, others]);
  });

  test('a wave that the end of the window cuts short is neither counted nor collected', () => {
    const wave = 'load name=l load=heap_wave low_bytes=1048576 high_bytes=53477376 period_ns=2000000000';
    const of = (percent: number): unknown =>
      JSON.parse(parts(java, 'loads', nativeLibrary, file(`${wave} grow_percent=${percent}`)).join(''));
    expect(of(45)).toMatchObject({ ticks: 2, waves: 2, explicit_gcs: 2, collections: 2 });
    expect(of(90)).toMatchObject({ ticks: 2, waves: 1, explicit_gcs: 1, collections: 1 });
  });

  const all: Readonly<Record<string, JvmLoad>> = jvmLoads;
  const names = (Object.keys(loads) as (keyof typeof loads)[]).filter((name) => (all[name]?.firstJdk ?? 0) <= feature);
  const line = (name: keyof typeof loads, seed: number): string =>
    `load name=l load=${name} seed=${seed} ${loads[name]}`;
  const seen = parts(
    java,
    'loads',
    nativeLibrary,
    file(names.flatMap((name) => [1, 1, 2].map((seed) => line(name, seed))).join('\n')),
  ).map((text) => JSON.parse(text) as Record<string, number>);
  const of = (name: keyof typeof loads): Record<string, number>[] =>
    seen.slice(3 * names.indexOf(name), 3 * names.indexOf(name) + 3);

  test.each(names)('%s keeps its pace: so much in three seconds, and not later', (name) => {
    const [first] = of(name);
    expect(first).toMatchObject({ ...expected[name], dropped_ticks: 0 });
    expect(first?.ticks).toBeGreaterThan(0);
    expect(first?.ended_ns).toBeLessThanOrEqual(3e9);
  });

  test.each(['steady_allocation', 'direct_buffers', 'malloc_churn'] as const)(
    '%s draws the same from the same seed, and else from another',
    (name) => {
      const [one, again, other] = of(name).map(({ allocated_bytes }) => allocated_bytes);
      expect(one).toBeGreaterThan(0);
      expect(again).toBe(one);
      expect(other).not.toBe(one);
    },
  );

  test('what a load says that it allocated is on the heap, or off it', () => {
    const heap = (name: keyof typeof loads): Record<string, number> => of(name)[1] ?? {};
    const within = (actual: number | undefined, wanted: number): void => {
      expect(actual).toBeGreaterThan(0.95 * wanted);
      expect(actual).toBeLessThan(1.15 * wanted);
    };
    within(heap('heap_wave').heap_bytes, expected.heap_wave.allocated_bytes ?? NaN);
    within(heap('heap_wave').prepared_heap_bytes, 1_048_576);
    within(heap('steady_allocation').heap_bytes, 30_000 * 1024);
    within(heap('steady_allocation').prepared_heap_bytes, 1_048_576);
    within(heap('request_service').heap_bytes, 4500 * 4096);
    within(heap('request_service').prepared_heap_bytes, 1_048_576);
    expect(heap('malloc_churn').heap_bytes).toBeLessThan(0.1 * (heap('malloc_churn').allocated_bytes ?? NaN));
    expect(heap('mapped_files').heap_bytes).toBeLessThan(0.1 * 60 * 65536);
  });
});
