/** The report: its parts as pure functions, and whole pages of bundles that are whole, partial, hostile or large. */
import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { BlamedThread, StallsFile } from '../../src/bundle/stalls-schema.js';
import { countsOfValues } from '../../src/record/histogram/counts.js';
import { hlogHead, hlogLine } from '../../src/record/histogram/hlog.js';
import { addTo, createPool, curveOf, quantiles, valueAt } from '../../src/report/html/curves.js';
import { html } from '../../src/report/html/markup.js';
import { report } from '../../src/report/html/report.js';
import { singleFigure } from '../../src/report/html/single.js';
import { linearScale, logScale, ninesScale } from '../../src/report/html/scales.js';
import { hasChromium, openPage } from '../support/browser.js';
import { exampleLink, exampleStall, holderThread } from '../support/stalls.js';
import { scratchFolder } from '../support/scratch.js';
import { fakeSeries, kernelRecord, stalled, writeFakeBundle, type FakeBundle } from '../verdict/fake-bundle.js';
import { runOf, stalledRun, writerArm } from '../verdict/fake-summary.js';
import { said } from '../support/stated.js';

const noFigures = {
  code: 'stalls',
  reason: null,
  seen: null,
  foreignStalls_n: null,
  idleStalls_n: null,
  underLoad: null,
};

const scratch = scratchFolder();
const evil = `"><script>document.title='pwned'</script><img src=x onerror="document.title='pwned'">`;

function bundle(fake: FakeBundle, stalls: Partial<StallsFile> = {}): string {
  const path = scratch.fresh('bundle');
  writeFakeBundle(path, fake);
  fake.runs.forEach(({ arm = 'free' }, i) => {
    writeFileSync(
      join(path, 'runs', `${String(i).padStart(3, '0')}-${arm}`, 'stalls.json'),
      JSON.stringify({
        schemaVersion: 1,
        trace: null,
        stalls: [],
        slow: [],
        ...(i === fake.runs.length - 1 ? stalls : {}),
      }),
    );
  });
  return path;
}

describe('markup', () => {
  test('escapes every value, in text and in attributes, and what no page can hold', () => {
    expect(String(html`<a b="${'"\'`'}">${'<&>'}${['<', html`<i>${'&'}</i>`]}${3}</a>`)).toBe(
      '<a b="&#34;&#39;&#96;">&#60;&#38;&#62;&#60;<i>&#38;</i>3</a>',
    );
    expect(String(html`${'a\u0000\u001b\u202e\ud800b'}`)).toBe('a\ufffd\ufffd\ufffd\ufffdb');
    expect(String(html`${'µs – “é” 漢 🐢\n'}`)).toBe('µs – “é” 漢 🐢\n');
  });
});

describe('scales', () => {
  test('each nine is as wide as the one before', () => {
    const x = ninesScale(0.9999, 0, 400);
    expect([0, 0.9, 0.99, 0.999, 0.9999].map((q) => Math.round(x(q)))).toEqual([0, 100, 200, 300, 400]);
    expect(x.ticks.map(({ label }) => label)).toEqual(['p0', 'p90', 'p99', 'p99.9', 'p99.99']);
  });

  test('durations have whole decades, and lines round ticks', () => {
    const y = logScale(1_500, 2e6, 300, 0);
    expect(y.ticks.map(({ label }) => label)).toEqual(['1 µs', '10 µs', '100 µs', '1 ms', '10 ms']);
    expect([1e3, 1e5, 1e7].map((value) => Math.round(y(value)))).toEqual([300, 150, 0]);
    expect(linearScale(0, 2.07e9, 0, 100, String).ticks.map(({ label }) => label)).toEqual([
      '0',
      '500000000',
      '1000000000',
      '1500000000',
      '2000000000',
    ]);
  });
});

test('a curve has the values of its counters, and ends where no operation lies above', () => {
  const pool = createPool();
  addTo(pool, countsOfValues(Array.from({ length: 600 }, (_, i) => i + 1)));
  addTo(pool, countsOfValues(Array.from({ length: 400 }, (_, i) => i + 601)));
  const curve = curveOf(pool);
  expect(curve).toMatchObject({ n: 1000, max_ns: 1000 });
  expect([0.9, 0.99].map((q) => (curve === null ? null : valueAt(curve, q)))).toEqual([900, 990]);
  // 1,000 operations do not carry p99.9: it is drawn as seen, and is in no table.
  expect(curve === null ? 0 : valueAt(curve, 0.999)).toBeNull();
  expect(quantiles[(curve?.values_ns.length ?? 0) - 1]).toBeCloseTo(0.999, 9);
  expect(curveOf(createPool())).toBeNull();
});

describe('a page', () => {
  const whole = (): string =>
    bundle(
      { runs: [{ arm: 'idle' }, { arm: 'free' }, { arm: 'free', stalls: stalled(1) }] },
      { stalls: [exampleStall] },
    );

  test('has all its parts, and a text for every figure', () => {
    const page = report([whole()]);
    for (const title of [
      'Verdict',
      'Limitations of the evidence',
      'Environment',
      'Figures',
      'Percentiles',
      'Over time',
      'Why: stalled time by cause',
      'The longest stalls',
      'What to try',
      'Reproduce it',
    ])
      expect(page).toContain(`>${title}</h2>`);
    expect(page).toContain('writer.mprotect waited 500 ms for mmap_lock, held for reading by <code>holder</code>');
    expect(page).toContain(
      'holder: ready to run, mostly without a CPU 500 ms; by its counters at most 20.0 ms on a CPU and 480 ms waiting for one',
    );
    expect(page).toContain('href="#stall-1-1"');
    expect(page).toContain('id="stall-1-1"');
    expect(page).toContain('Give <code>holder</code> (nice 19) normal priority (nice 0)');
    expect(page).toContain('pauselab run fake');
    for (const [svg] of page.matchAll(/<svg [^>]*>/g))
      expect(svg).toMatch(/aria-hidden="true"|role="img" aria-label="[^"]{10,}"/);
  });

  test('begins with what happened, why and what to try, in plain words', () => {
    const [, headline = ''] = /<div class="headline">([^]*?)<figure>/.exec(report([whole()])) ?? [];
    const text = headline.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
    expect(text).toContain(
      '1 operation of the threads under test that was due in the measured window, or reached into it, took 100 ms or longer. The longest, writer.mprotect in the arm free , took 500 ms ; half of these operations take ',
    );
    expect(text).toContain(
      'A process has one lock on the map of its memory, called mmap_lock. holder held it while giving memory back to the system and lost its CPU in the middle of it, being of low priority (nice 19): for up to 480 ms of the longest such stall.',
    );
    expect(text).toContain('Likely: it fits everything that was observed; the kernel was not traced.');
    expect(text).toContain('What to try Give holder (nice 19) normal priority (nice 0)');
  });

  test('has on its first screen no flag of a JVM against the fork of another program', () => {
    const redis: BlamedThread = { name: 'redis', tid: 5, role: 'other', nice: 0 };
    const [link, cause] = [exampleLink, exampleStall.cause].map((one) => ({
      ...one,
      cause: 'mmap-lock-writer',
      thread: redis,
    }));
    const stall = { ...exampleStall, chain: [{ ...link, call: 'fork' }], cause } as typeof exampleStall;
    const page = report([bundle({ runs: [{ arm: 'free' }] }, { stalls: [stall] })]);
    expect(/<dt>What to try<\/dt><dd>([^]*?)<\/dd>/.exec(page)?.[1]).toMatch(
      /^Fork less often, or from a smaller process/,
    );
    expect(page).not.toContain('-Xms');
  });

  test('has no advice about probes of pauselab', () => {
    const of = (name: string, role: BlamedThread['role'], duration_ns: number): typeof exampleStall => {
      const thread: BlamedThread = { name, tid: 5, role, nice: 0 };
      return {
        ...exampleStall,
        duration_ns,
        chain: [{ ...exampleLink, thread }],
        cause: { ...exampleStall.cause, thread },
      } as typeof exampleStall;
    };
    const probe = of('writer.mmap_munmap', 'victim', 9e8);
    const advice = (...stalls: (typeof exampleStall)[]): string => {
      const page = report([bundle({ runs: [{ arm: 'free' }] }, { stalls })]);
      const [, first = ''] = /<dt>What to try<\/dt><dd>([^]*?)<\/dd>/.exec(page) ?? [];
      return [first, page.slice(page.indexOf('>What to try</h2>'))].join(' ');
    };
    const both = advice(probe, of('purger', 'other', 5e8));
    expect(both).toContain('<code>purger</code>');
    expect(both).not.toContain('writer.mmap_munmap');
    expect(
      advice(probe).match(/Threads of pauselab itself stalled each other, so there is nothing to try\./g),
    ).toHaveLength(2);
    expect(advice(probe)).not.toContain('priority');
  });

  test('says of each holder what it does, and claims of no other call that it gives memory back', () => {
    const why = (call: string): string =>
      /<dt>Why<\/dt><dd>([^]*?)<span/
        .exec(
          report([
            bundle({ runs: [{ arm: 'free' }] }, { stalls: [{ ...exampleStall, chain: [{ ...exampleLink, call }] }] }),
          ]),
        )?.[1]
        ?.replace(/<[^>]*>/g, '') ?? '';
    expect(why('read_smaps')).toContain('holder held it while reading the memory map of the process');
    expect(why('madvise_cold')).toContain('holder held it while telling the kernel how it will use its memory');
    expect(why('mmap.NONE')).toContain('holder held it while giving memory back to the system');
    expect(why('mprotect')).toContain('holder held it while inside the call mprotect');
  });

  test('counts, tells and draws the stalls of the measured window; the others are told apart', () => {
    const longer = { ...exampleStall, start_ns: -3e9, duration_ns: 2e9, recorded: false };
    const [, headline = ''] =
      /<div class="headline">([^]*?)<\/figure>/.exec(
        report([bundle({ runs: [{ arm: 'free' }] }, { stalls: [longer, exampleStall] })]),
      ) ?? [];
    const text = headline
      .replace(/<svg[^]*?<\/svg>/g, ' ')
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ');
    expect(text).toContain(
      '1 operation of the threads under test that was due in the measured window, or reached into it, took 100 ms or longer. The longest, writer.mprotect in the arm free , took 500 ms',
    );
    expect(text).toContain(
      'Of operations due before or after the measured window, 1 took that long, the longest 2.00 s; they are not counted here.',
    );
    expect(text).toContain('The longest of these stalls : what each thread did in these 500 ms');
    const only = report([bundle({ runs: [{ arm: 'free' }] }, { stalls: [longer] })]);
    expect(only).toContain(
      'No operation that was due in the measured window, or reached into it, took 100 ms or longer. Of operations due before or after the measured window, 1 took that long',
    );
  });

  test('says of a stall that began after the window that it was due inside', () => {
    const late = { ...exampleStall, start_ns: 20e9 };
    const textOf = (...stalls: (typeof late)[]): string =>
      (
        /<dt>What happened<\/dt><dd>([^]*?)<\/dd>/.exec(
          report([bundle({ runs: [{ arm: 'free' }] }, { stalls })]),
        )?.[1] ?? ''
      ).replace(/<[^>]*>/g, '');
    expect(textOf(late)).toContain(
      'took 100 ms or longer. It began only after the window, because its thread was late. The longest,',
    );
    expect(textOf(late, exampleStall)).toContain(
      '2 operations of the threads under test that were due in the measured window, or reached into it, took 100 ms or longer. 1 began only after the window, because its thread was late. The longest,',
    );
  });

  test('draws a row for each event of the JVM’s log, and for who had the holder’s CPU', () => {
    const { evidence } = exampleStall;
    if (evidence === null) throw new Error('the example has evidence');
    const hog: BlamedThread = { name: 'make', tid: 99, role: 'outside', nice: 0 };
    const event = (name: string): (typeof evidence)['events'][number] => ({
      name,
      label: `of ${name}`,
      start_ns: 1e9,
      duration_ns: 4e8,
    });
    const events = ['safepoint.reach', 'gc.uncommit'].map(event);
    const page = report([
      bundle(
        { runs: [{ arm: 'free' }] },
        {
          stalls: [
            {
              ...exampleStall,
              evidence: { ...evidence, events },
              chain: [{ ...exampleLink, cpuTakenBy: [{ thread: hog, duration_ns: 48e7 }] }],
            },
          ],
        },
      ),
    ]);
    const [, drawn = ''] = /<svg class="timeline"([^]*?)<\/svg>/.exec(page) ?? [];
    expect(
      [...drawn.matchAll(/<text y="\d+">([^<]*)<tspan class="about">([^<]*)</g)].map(
        ([, name = '', about = '']) => `${name}${about}`,
      ),
    ).toEqual([
      'writer.mprotect a measured thread',
      'holder the holder, nice 19',
      'make had the holder’s CPU for 480 ms',
      'JVM log: safepoint.reach of safepoint.reach',
      'JVM log: gc.uncommit of gc.uncommit',
    ]);
  });

  test('what ended the stalls in this bundle comes before all other advice', () => {
    const arms = [
      { name: 'crossing', layout: 'split' },
      { name: 'one-vma', layout: 'isolated' },
    ];
    const path = bundle(
      {
        runs: [{ arm: 'one-vma' }, { arm: 'crossing', stalls: stalled(1) }],
        manifest: { profile: { name: 'fake', arms } },
      },
      { stalls: [exampleStall] },
    );
    const file = join(path, 'summary.json');
    const summary = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    const finding = (arm: string, outcome: string): object => ({
      arm,
      kernel: null,
      series: 'writer.mprotect',
      outcome,
      ...noFigures,
      sentence: 'x',
    });
    writeFileSync(
      file,
      JSON.stringify({
        ...summary,
        arms: [writerArm('crossing', null, stalledRun(1, 0.05)), writerArm('one-vma', null, runOf())],
        findings: [finding('crossing', 'stalls'), finding('one-vma', 'like-foreign')],
      }),
    );
    expect(
      report([path])
        .replace(/<[^>]*>/g, ' ')
        .replace(/\s+/g, ' '),
    ).toContain(
      'What ended the stalls here one-vma had no stall, but crossing had. They differ in layout : &#34;split&#34; in crossing, &#34;isolated&#34; in one-vma. Against: mmap_lock',
    );
  });

  test('names collector, heap flags, allocator and limits', () => {
    const jvm = {
      collector: 'g1',
      flags: ['-Xmx1600m', '-Dsecret=1', '-XX:MaxHeapFreeRatio=10'],
      allocator: { name: 'jemalloc', path: null, settings: { dirty_decay_ms: '0' } },
    };
    const page = report([
      bundle({
        runs: [{ arm: 'free' }],
        manifest: {
          profile: { name: 'fake', arms: [{ name: 'free', jvm }] },
          kernels: [kernelRecord('6.18.0')],
          host: { memoryLimitBytes: 2 ** 31 },
        },
      }),
    ])
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ');
    for (const fact of [
      'Collector g1',
      'Heap flags -Xmx1600m -XX:MaxHeapFreeRatio=10',
      'Allocator jemalloc dirty_decay_ms=0',
      'Limit on memory (cgroup) 2 GiB',
    ])
      expect(page).toContain(fact);
  });

  test('of runs without a stall says so, and gives no advice; of spoiled ones that they are no evidence', () => {
    const quiet = report([bundle({ runs: [{ arm: 'idle' }, { arm: 'free' }] })]);
    expect(quiet).toContain(
      'No operation that was due in the measured window, or reached into it, took 100 ms or longer.',
    );
    expect(quiet).not.toContain('<dt>What to try</dt>');
    expect(
      report([bundle({ runs: [{ run: { disturbances: [said('steal of 30 %')] } }] }, { stalls: [exampleStall] })]),
    ).toContain('No run is complete and undisturbed, so this is an observation, not evidence.');
  });

  test('of runs under load says that they show stalls and their cause, and marks the figures of each such arm', () => {
    const path = bundle(
      { runs: [{ arm: 'free', run: { disturbances: [said('other programs used 45 % of the CPU time')] } }] },
      { stalls: [exampleStall] },
    );
    const file = join(path, 'summary.json');
    const summary = JSON.parse(readFileSync(file, 'utf8')) as object;
    const finding = {
      arm: 'free',
      series: 'writer.mprotect',
      kernel: null,
      outcome: 'stalls',
      level: 'under-load',
      ...noFigures,
      sentence: 's',
    };
    writeFileSync(file, JSON.stringify({ ...summary, findings: [finding] }));
    const page = report([path]);
    expect(page).toContain('All of these ran beside other programs. They show that there are stalls, and why');
    expect(page).toContain('free (under load: it stalls, but rate and length are unknown)');
    expect(page).not.toContain('no evidence');
  });

  test('shows of each arm its best runs, and names the arms without evidence', () => {
    const busy = { run: { disturbances: [said('steal of 30 %')] } };
    const text = (runs: FakeBundle['runs'], stalls: Partial<StallsFile> = {}): string =>
      /<dt>What happened<\/dt><dd>([^]*?)<\/dd>/
        .exec(report([bundle({ runs }, stalls)]))?.[1]
        ?.replace(/<[^>]*>/g, '') ?? '';
    const seen = text([{ arm: 'quiet' }, { arm: 'free', ...busy }], { stalls: [exampleStall] });
    expect(seen).toContain(
      '1 operation of the threads under test that was due in the measured window, or reached into it, took 100 ms or longer. ' +
        'The longest, writer.mprotect in the arm free, took 500 ms',
    );
    expect(seen).toContain('For free no run is complete and undisturbed, so this is an observation, not evidence.');
    // An arm's disturbed runs do not count where it has a better run.
    expect(text([{ arm: 'free' }, { arm: 'free', ...busy }], { stalls: [exampleStall] })).toBe(
      'No operation that was due in the measured window, or reached into it, took 100 ms or longer.',
    );
  });

  test('claims nothing of arms in which nothing was measured', () => {
    const failed = { run: { status: 'failed' as const, series: [] } };
    const happened = (runs: FakeBundle['runs']): string | undefined =>
      /<dt>What happened<\/dt><dd>([^]*?)<\/dd>/.exec(report([bundle({ runs })]))?.[1];
    expect(
      happened([
        { arm: 'free', ...failed },
        { arm: 'purge', ...failed },
      ]),
    ).toBe('Nothing was measured: no run has figures of its measured window.');
    expect(happened([{ arm: 'quiet' }, { arm: 'free', ...failed }])).toBe(
      'No operation that was due in the measured window, or reached into it, took 100 ms or longer. For free nothing was measured.',
    );
    // A program without probes has no victims.
    const untimed = { run: { series: [] } };
    expect(happened([{ arm: 'free', ...untimed }])).toBe('Nothing is timed, because the program has no probes.');
    expect(happened([{ arm: 'quiet' }, { arm: 'free', ...untimed }])).toBe(
      'No operation that was due in the measured window, or reached into it, took 100 ms or longer. For free nothing is timed, because the program has no probes.',
    );
  });

  test('is well nested, and every link in it leads somewhere', () => {
    const page = report([whole(), whole()])
      .replace(/<style>[\s\S]*?<\/style>/, '')
      .replace(/<script>[\s\S]*?<\/script>/, '');
    const open: string[] = [];
    for (const [, end, name = '', rest = ''] of page.matchAll(/<(\/?)([a-zA-Z][\w-]*)([^<>]*)>/g)) {
      if (name === 'meta' || rest.endsWith('/')) continue;
      if (end === '') open.push(name);
      else expect(open.pop()).toBe(name);
    }
    expect(open).toEqual([]);
    const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, id] of page.matchAll(/href="#([^"]*)"/g)) expect(ids).toContain(id);
  });

  test('needs nothing from elsewhere, and its policy allows its own script alone', () => {
    const page = report([whole()]);
    expect(page).not.toMatch(/(?:src|href|action|data)="(?!#)/);
    expect(page).not.toMatch(/url\(|@import/);
    const scripts = [...page.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, text = '']) => text);
    expect(scripts).toHaveLength(1);
    expect(page).toContain(
      `script-src &#39;sha256-${createHash('sha256')
        .update(scripts[0] ?? '')
        .digest('base64')}&#39;`,
    );
    expect(page).toContain('default-src &#39;none&#39;');
  });

  test('of several bundles has them side by side, with verdicts', () => {
    const page = report([
      bundle({ runs: Array.from({ length: 6 }, () => ({ stalls: stalled(0) })) }),
      bundle({ runs: Array.from({ length: 6 }, () => ({ stalls: stalled(4) })) }),
    ]);
    expect(page).toMatch(/<span class="v-regressed"[^>]*>regressed<\/span>/);
    expect(page).toContain('>Side by side</h2>');
  });

  test('of bundles that have nothing in common says so', () => {
    const page = report([
      bundle({ runs: [{}] }),
      bundle({ runs: [{}], manifest: { profile: { name: 'other', arms: [{ name: 'free' }] } } }),
    ]);
    expect(page).toContain('Not compared: ');
    expect(page).toContain('Different profiles measure different things');
  });
});

function hostile(): string {
  const thread = { ...holderThread, name: evil };
  const stall = {
    ...exampleStall,
    series: evil,
    thread: { ...thread, role: 'victim' as const },
    chain: [
      { ...exampleLink, thread, sentence: evil },
      { ...exampleLink, call: evil, sentence: evil },
    ],
    cause: {
      cause: 'unknown' as const,
      grade: 'possible' as const,
      lock: null,
      thread,
      duration_ns: 1e9,
      steps: [{ step: 'late-thread' as const, label: evil, thread, activity: null, duration_ns: 1 }],
      sentence: evil,
    },
    states: evil,
    evidence: {
      ...exampleStall.evidence,
      sources: [],
      threads: [
        {
          thread,
          states: evil,
          onCpu_ns: null,
          runDelay_ns: null,
          spans: [{ start_ns: 1e9, end_ns: 2e9, activity: 'running' as const }],
        },
      ],
      events: [{ name: evil, label: evil, start_ns: 1e9, duration_ns: 1e9 }],
      systemCall: evil,
      steal_share: null,
      stacks: [],
      userStacks: [],
      missing: [said(evil)],
    },
    overlappingHolderCalls: [
      {
        ...exampleStall.overlappingHolderCalls[0],
        holder: evil,
        start_ns: 1e9,
        end_ns: 2e9,
        call: evil,
        crossed: true,
        bytes: 1,
        runDelayAtMost_ns: 0,
      },
    ],
  };
  return bundle(
    {
      runs: [
        { arm: 'plain' },
        { series: evil, run: { disturbances: [said(evil)], degraded: [said(evil)], failures: [said(evil)] } },
      ],
      manifest: {
        argv: ['run', evil],
        startedAt: evil,
        profileHash: evil,
        host: { kernel: evil, cpuModel: evil },
        profile: { description: evil, arms: [{ name: 'free', title: evil }] },
      },
    },
    { stalls: [stall] },
  );
}

describe('names and values of a bundle', () => {
  test('are text, wherever they stand', () => {
    const page = report([hostile(), hostile()]);
    expect(page.match(/<script>/g)).toHaveLength(1);
    expect(page).not.toContain('<img');
    // Without the values of attributes, no tag has a handler.
    expect(page.replace(/="[^"]*"/g, '')).not.toMatch(/<[^<>]*\son\w+/);
    expect(page.split('&#60;script&#62;').length).toBeGreaterThan(15);
  });

  test('run nothing in a browser, whose only script is ours', async ({ skip }) => {
    skip(!hasChromium, 'needs /usr/bin/chromium');
    const page = await openPage(scratch.write('hostile.html', report([hostile()])), scratch.fresh('browser'));
    try {
      expect(await page.evaluate('document.title')).toMatch(/^pauselab: /);
      expect(await page.evaluate(`document.querySelectorAll('button[aria-pressed=true]').length`)).toBeGreaterThan(0);
      // What the policy refused would be a complaint.
      expect(page.complaints).toEqual([]);
      // The longest words of a hostile bundle break, too.
      for (const width of [390, 1440])
        expect(await page.look({ width, height: 800, scheme: 'light', media: 'screen' })).toMatchObject({
          width,
          overflowing: [],
        });
    } finally {
      await page.close();
    }
  });
});

test('fits a phone and a wide screen, light, dark and on paper, and asks for nothing', async ({ skip }) => {
  skip(!hasChromium, 'needs /usr/bin/chromium');
  const other = bundle({ runs: [{ arm: 'idle' }, { arm: 'free', series: 'writer.a_series_of_a_rather_long_name' }] });
  const jvm = {
    ...exampleStall,
    evidence: {
      ...exampleStall.evidence,
      sources: [],
      threads: exampleStall.evidence?.threads ?? [],
      events: [{ name: 'gc.pause', label: 'Pause Young', start_ns: 1.1e9, duration_ns: 2e8 }],
      systemCall: null,
      steal_share: null,
      stacks: [],
      userStacks: [],
      missing: [],
    },
  };
  const file = scratch.write(
    'page.html',
    report([
      bundle({ runs: [{ arm: 'idle' }, { arm: 'free', stalls: stalled(2) }] }, { stalls: [exampleStall, jvm] }),
      other,
    ]),
  );
  const page = await openPage(file, scratch.fresh('browser'));
  try {
    for (const width of [390, 1440]) {
      for (const scheme of ['light', 'dark'] as const)
        expect({ scheme, ...(await page.look({ width, height: 900, scheme, media: 'screen' })) }).toEqual({
          width,
          scheme,
          overflowing: [],
          scrolling: [],
          picture: null,
        });
    }
    expect(await page.look({ width: 794, height: 1123, scheme: 'light', media: 'print' })).toMatchObject({
      width: 794,
      overflowing: [],
    });
    expect(page.complaints).toEqual([]);
    expect(page.requests).toEqual([`file://${file}`]);
  } finally {
    await page.close();
  }
});

describe('one figure alone', () => {
  test('is a whole SVG, with the names of its curves, or CSV; the rest of the bundle is not in it', () => {
    const path = bundle(
      { runs: [{ arm: 'idle' }, { arm: 'free', series: 'a<b', run: {} }, { arm: 'free', stalls: stalled(1) }] },
      { stalls: [exampleStall] },
    );
    const curve = singleFigure([path], 'writer.mprotect.service', 'svg');
    expect(curve).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" [^]*<text [^>]*>idle<\/text>[^]*<\/svg>\n$/);
    expect(singleFigure([path], 'free/writer.mprotect', 'svg')).toContain('1 stall, the longest 500 ms');
    const rows = singleFigure([path], 'writer.mprotect.service', 'csv').split('\r\n');
    expect(rows[0]).toBe('arm,is_evidence,n,quantile,value_ns,n_suffices,lowest_run_ns,highest_run_ns');
    expect(rows[1]).toMatch(/^idle,true,1000,0,500\d,true,500\d,500\d$/);
    const cells = singleFigure([path], 'free/writer.mprotect', 'csv').split('\r\n').slice(1, -1);
    // Every operation of the run is in a cell.
    expect(cells.reduce((sum, row) => sum + Number(row.split(',').at(-1)), 0)).toBe(1000);
    const stall = singleFigure([path], 'stall-1', 'svg');
    expect(stall).toMatch(
      /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" [^]*writer\.mprotect in free: 500 ms \(run 002-free, stall 1\)[^]*<svg class="timeline"[^]*<\/svg>\n$/,
    );
    expect(() => singleFigure([path], 'stall-2', 'svg')).toThrow(
      'stall-2: the bundle has the stalls stall-1 to stall-1, the longest first',
    );
    expect(() => singleFigure([path, path], 'stall-1', 'svg')).toThrow('name a single bundle');
    expect(() => singleFigure([path], 'writer.mprotect.servic', 'csv')).toThrow(
      /no such figure; did you mean writer\.mprotect\.service\?; there are /,
    );
  });
});

describe('what is missing is said', () => {
  test('no summary, no stalls.json, a log that is cut off or broken', () => {
    const path = bundle({ runs: [{}, { arm: 'b' }] });
    rmSync(join(path, 'summary.json'));
    rmSync(join(path, 'runs', '000-free', 'stalls.json'));
    appendFileSync(join(path, 'runs', '000-free', 'histograms.hlog'), 'Tag=writer.mprotect.service,1.0,1.0,0.1,HIST');
    writeFileSync(join(path, 'runs', '001-b', 'histograms.hlog'), 'Tag=x,no\n');
    const page = report([path]);
    expect(page).toContain('There is no verdict');
    expect(page).toContain('No stall is known. Of 1 run the stalls are unknown.');
    expect(page).toContain('run 000-free has no stalls.json: which stalls it had is not known');
    expect(page).toContain('the histogram log of run 000-free was cut off');
    expect(page).toMatch(/line 1 of \S*001-b\S*histograms\.hlog is broken/);
  });

  test('stalls of a version without attribution; spoiled and partial runs', () => {
    const path = bundle(
      { runs: [{ run: { status: 'partial', disturbances: [said('steal of 30 %')] } }], status: 'partial' },
      { stalls: [{ ...exampleStall, thread: null, chain: null, cause: null, evidence: null }] },
    );
    const page = report([path]);
    expect(page).toContain('It has no chain: a version of pauselab without attribution wrote the bundle.');
    expect(page).toContain('1 of 1 runs of free: 000: steal of 30 %');
    expect(page).toContain('run 000-free is partial');
    expect(page).toContain('</svg> free (disturbed or cut short, no evidence)</li>');
    expect(page).toContain('the experiment is partial');
  });

  test('a folder that is no bundle is refused', () => {
    expect(() => report([scratch.path])).toThrow(/ is no bundle: it has no manifest\.json; name a folder/);
  });
});

test('an hour of 12 series, with hundreds of stalls each, stays below 5 MB', () => {
  const names = Array.from({ length: 12 }, (_, i) => `series-${i}`);
  // Seven shapes of intervals, all over the range, so that cells are many.
  const counts = Array.from({ length: 7 }, (_, shape) =>
    countsOfValues(
      Array.from({ length: 200 }, (_value, i) => Math.round(1_000 * 10 ** (((i * (shape + 3)) % 200) / 33))),
    ),
  );
  const lines = counts.map((one) => hlogLine('T', 0, 1e9, one).split(',').slice(2).join(','));
  const path = bundle(
    {
      runs: [
        {
          window_ns: 3600e9,
          run: { series: names.map((name) => fakeSeries({ series: name }, counts[0] ?? countsOfValues([]))) },
        },
      ],
    },
    {
      stalls: names.flatMap((series) =>
        Array.from({ length: 300 }, (_, i) => ({ ...exampleStall, series, start_ns: i * 12e9 })),
      ),
    },
  );
  const log = [hlogHead(0)];
  for (let second = 0; second < 3600; second += 1)
    for (const [i, name] of names.entries())
      log.push(`Tag=${name}.service,${second}.000,${lines[(second + i) % 7] ?? ''}`);
  writeFileSync(join(path, 'runs', '000-free', 'histograms.hlog'), log.join(''));
  const page = report([path]);
  expect(page.length).toBeLessThan(5e6);
  expect(page).toContain('series-11');
  expect(page).toContain('… and 3580 shorter ones');
});
