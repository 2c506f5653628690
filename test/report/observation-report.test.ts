/** The page of an observation. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openObservation } from '../../src/bundle/read-observation.js';
import { exportObservation } from '../../src/report/observation-exports.js';
import { report } from '../../src/report/html/report.js';
import { singleFigure } from '../../src/report/html/single.js';
import { statedGap } from '../../src/words/observation-words.js';
import { hasChromium, openPage } from '../support/browser.js';
import { writeObservation, type FakeObservation, type FakeStall } from '../support/observation.js';
import { scratchFolder } from '../support/scratch.js';
import { textOfPart } from '../support/report-page.js';
import { writeFakeBundle } from '../verdict/fake-bundle.js';

const scratch = scratchFolder();
const evil = `"><script>document.title='pwned'</script><img src=x onerror="document.title='pwned'">`;

function observation(more: FakeObservation = {}): string {
  return writeObservation(scratch.fresh('observed'), more);
}

const stalls: FakeStall[] = [
  { at_ms: 0, length_ms: 400 },
  { at_ms: 10_000, length_ms: 300, thread: 'worker-1 (102)', givesBack: false },
  { at_ms: 59_900, length_ms: 100, stillRunning: true },
];

test('a list of stalls that cannot be read is not an empty list', () => {
  const path = observation({ stalls });
  writeFileSync(join(path, 'runs', 'observed', 'stalls.json'), '{');
  const page = report([path]);
  expect(textOfPart(page, 'stalls')).toMatch(/The list of stalls could not be read/);
  expect(textOfPart(page, 'stalls')).not.toMatch(/No stall/);
  expect(() => exportObservation('csv', openObservation(path))).toThrow(/its stalls are not known: .*stalls\.json/);
});

describe('the page of an observation', () => {
  test('begins with the answer, and has the reasons, what was not seen and how it was observed', () => {
    const page = report([
      observation({
        stalls,
        missing: [statedGap({ code: 'records-dropped', records_n: 3 })],
        argv: ['observe', 'a b'],
      }),
    ]);
    expect([...page.matchAll(/<section id="([a-z]+)"/g)].map(([, id]) => id)).toEqual([
      ...['answer', 'reasons', 'time', 'stalls', 'advice', 'evidence', 'observed'],
    ]);
    expect(textOfPart(page, 'answer')).toMatch(
      /^Giving memory back is the reason for 2 of 3 stalls and 500 ms of 800 ms/,
    );
    expect(textOfPart(page, 'reasons')).toContain(
      'mmap_lock, held for reading holder madvise.FREE yes likely 2 1 400 ms',
    );
    expect(textOfPart(page, 'evidence')).toBe(
      '3 records did not fit into the buffer of the kernel: stalls and their reasons may be missing.',
    );
    expect(textOfPart(page, 'observed')).toContain('java (100, 23 threads at the start)');
    expect(textOfPart(page, 'observed')).toContain('eBPF');
    expect(textOfPart(page, 'observed')).toContain('120 ms (0.200 % of a CPU)');
    expect(textOfPart(page, 'observed')).toContain('pauselab observe &#39;a b&#39;');
    expect(textOfPart(page, 'advice')).toContain('Against: mmap_lock, held for reading');
  });

  test('does not say that a thread without a CPU was to blame for that', () => {
    const page = report([
      observation({
        stalls,
        reasons: [
          {
            ...{ cause: 'not-scheduled', grade: 'proven', call: null, givesBack: false },
            thread: { name: 'purger', tid: 7, role: 'victim', nice: 0 },
            ...{ stalls_n: 1, total_ns: 3e8, longest_ns: 3e8, threads_n: 1 },
          },
        ],
      }),
    ]);
    expect(textOfPart(page, 'reasons')).toContain('purger itself, while others waited for it – no proven 1 1 300 ms');
  });

  test('against waits for a thread without a CPU advises a CPU for it; its own waits are no cause apart', () => {
    const reason = (role: 'victim' | 'other', call: string | null) => ({
      ...{ cause: 'not-scheduled', grade: 'proven', call, givesBack: false },
      thread: { name: 'G1 Service', tid: 7, role, nice: 19 },
      ...{ stalls_n: 1, total_ns: 3e8, longest_ns: 3e8, threads_n: 1 },
    });
    const advice = (...reasons: ReturnType<typeof reason>[]): string =>
      textOfPart(
        report([observation({ stalls, reasons: reasons as NonNullable<FakeObservation['reasons']> })]),
        'advice',
      );
    expect(advice(reason('victim', null))).toBe('No cause was found, so there is nothing to try.');
    const held = advice(reason('victim', null), reason('other', 'mmap.NONE'));
    expect(held).toContain('(not-scheduled, 300 ms of stalled time) Give G1 Service (nice 19) a CPU: ');
    expect(held).toContain('-Xms equal to -Xmx');
    expect(held).not.toContain('No lock is the cause');
  });

  test('draws each stall in the row of its thread, most stalled time first, and leads to its description', () => {
    const page = report([observation({ stalls })]);
    const rows = [...page.matchAll(/<text y="\d+">(worker-\d \(\d+\)) <tspan class="about">([^<]*)/g)];
    expect(rows.map(([, thread, about]) => [thread, about])).toEqual([
      ['worker-0 (101)', '2 stalls, 500 ms'],
      ['worker-1 (102)', '1 stall, 300 ms'],
    ]);
    const bars = [
      ...page.matchAll(/<a href="#(stall-1-\d)"><rect class="o-([a-z-]+)" x="([\d.]+)%"[^>]*width="([\d.]+)%"/g),
    ].map(([, ...bar]) => bar);
    expect(bars).toEqual([
      ['stall-1-1', 'gives-back', '0', '0.67'],
      ['stall-1-3', 'gives-back', '99.83', '0.17'],
      ['stall-1-2', 'other', '16.67', '0.5'],
    ]);
    for (const [id = ''] of bars) expect(page).toContain(`id="${id}"`);
  });

  test('draws a stall that may come from giving memory back as neither that nor another reason', () => {
    const page = report([
      observation({
        stalls: [
          ...[true, false, null].map((givesBack, i): FakeStall => ({ at_ms: i * 1000, length_ms: 400 - i, givesBack })),
          { at_ms: 5000, length_ms: 100, grade: 'possible' },
        ],
      }),
    ]);
    const bars = [...page.matchAll(/<rect class="o-([a-z-]+)"/g)].map(([, kind]) => kind);
    expect(bars).toEqual(['gives-back', 'other', 'perhaps', 'perhaps']);
    const legend = [...page.matchAll(/<li><svg width="26"[^>]*><path class="o-([a-z-]+)"[^>]*\/><\/svg> ([^<]*)/g)];
    expect(legend.map(([, ...one]) => one)).toEqual([
      ['gives-back', 'giving memory back is the reason'],
      ['perhaps', 'may be giving memory back'],
      ['other', 'another reason'],
    ]);
    for (const kind of bars) expect(page).toContain(`.o-${kind ?? ''}{fill:`);
    const rows = [...page.matchAll(/<svg class="bar"[^>]*><path class="o-([a-z-]+)"/g)].map(([, kind]) => kind);
    expect(rows.toSorted()).toEqual(['gives-back', 'other', 'perhaps']);
  });

  test('marks what an end of the observation cut, in the picture and in the list', () => {
    const page = report([observation({ stalls })]);
    expect(page).toContain('<title>1. 400 ms or more, from before the start: ');
    expect(textOfPart(page, 'stalls')).toContain('1. 400 ms or more: worker-0 (101)');
    expect(textOfPart(page, 'stalls')).toContain('From before the start.');
    expect(textOfPart(page, 'stalls')).toContain('2. 300 ms: worker-1 (102)');
    expect(textOfPart(page, 'stalls')).toContain('From 59.9 s on, still going on at the end.');
  });

  test('has at most 20 rows and 20 descriptions, and says what it leaves out', () => {
    const short = { thread: 'many (9)', length_ms: 90 };
    const many = Array.from({ length: 22 }, (_, i) => ({
      at_ms: 1000 * i,
      length_ms: 100 + i,
      thread: `worker-${i} (${100 + i})`,
    }));
    const page = report([observation({ stalls: [...many, { at_ms: 30_000, ...short }, { at_ms: 40_000, ...short }] })]);
    // No stall of theirs is as long, but together they are longer.
    expect(/<tspan class="about">([^<]*)/.exec(page.slice(page.indexOf('id="time"')))?.[1]).toBe('2 stalls, 180 ms');
    expect(page.match(/<tspan class="about">\d stalls?, /g)).toHaveLength(20);
    expect(page.match(/<a href="#stall-1-\d+"><rect/g)).toHaveLength(19);
    expect(textOfPart(page, 'time')).toMatch(
      /3 more threads with less stalled time \(303 ms in all\) are not drawn\.$/,
    );
    expect(page.match(/<article/g)).toHaveLength(20);
    expect(textOfPart(page, 'stalls')).toMatch(/… and 4 shorter ones: pauselab explain .* --json has all\.$/);
  });

  test('bounds the bars of a row', () => {
    const many = Array.from({ length: 302 }, (_, i) => ({ at_ms: 100 * i, length_ms: 30 }));
    expect(textOfPart(report([observation({ stalls: many })]), 'time')).toContain(
      '2 shorter stalls of these threads are not drawn.',
    );
  });

  test('without a stall says so', () => {
    const page = report([observation()]);
    expect(textOfPart(page, 'answer')).toMatch(
      /^In 60\.0 s none of the threads \(23 at the start\) was stalled for 20\.0 ms/,
    );
    expect(textOfPart(page, 'reasons')).toBe('There was no stall, and so no reason.');
    expect(textOfPart(page, 'time')).toBe('There is no stall to draw.');
    expect(textOfPart(page, 'stalls')).toBe('No stall was recorded.');
  });

  test('of several has each of them in each part, and how they differ', () => {
    const page = report([observation({ stalls }), observation()]);
    expect(textOfPart(page, 'comparison')).toMatch(
      /^\d+-observed against \d+-observed: these slices could not have shown a difference/,
    );
    expect(textOfPart(page, 'comparison')).toContain('A value is a mean over slices; the unit is the slice.');
    expect(textOfPart(page, 'comparison')).toMatch(
      /series metric slices A B .* stalls of any reason stalls per minute 24, 24 3 0/,
    );
    expect(textOfPart(page, 'comparison')).toContain('A value is of a slice of 2.50 s');
    expect(/<section id="answer"[^]*?<\/section>/.exec(page)?.[0].match(/<h3>/g)).toHaveLength(2);
    expect(page).toContain('id="stall-1-1"');
  });

  test('has names as text, wherever they stand', () => {
    const page = report([
      observation({
        stalls: [{ at_ms: 5, length_ms: 90, thread: evil }],
        targets: [{ pid: 1, name: evil, threads_n: 1, rssBytes: null, jvm: null }],
        argv: [evil],
        kernel: evil,
        startedAt: evil,
      }),
    ]);
    expect(page.match(/<script>/g)).toHaveLength(1);
    expect(page).not.toContain('<img');
  });
});

test('an observation and an experiment are no report together', () => {
  const experiment = scratch.fresh('experiment');
  writeFakeBundle(experiment, { runs: [{}] });
  const observed = observation();
  expect(() => report([experiment, observed])).toThrow(
    `${observed} is an observation of a process that ran already, and ${experiment} is not; \`pauselab report\` takes observations together with observations alone`,
  );
  expect(() => report([observed, `${experiment}/nowhere`])).toThrow('nowhere does not exist');
});

test('of an observation no figure is alone but a stall', () => {
  const path = observation({ stalls });
  // Without evidence there is no picture of it.
  expect(() => singleFigure([path], 'stall-1', 'svg')).toThrow('nobody looked at its threads');
  expect(() => singleFigure([path], 'stall-4', 'svg')).toThrow('the bundle has the stalls stall-1 to stall-3');
  expect(() => singleFigure([path], 'a.service', 'svg')).toThrow('of an observation there are its stalls');
  expect(() => singleFigure([path], 'stall-1', 'csv')).toThrow('`pauselab export --format csv` has its stalls');
});

test('fits a phone and a wide screen, light and dark, and asks for nothing', async ({ skip }) => {
  skip(!hasChromium, 'needs /usr/bin/chromium');
  const long = { at_ms: 100, length_ms: 500, thread: `a${'_rather_long_name'.repeat(9)}` };
  const file = scratch.write('page.html', report([observation({ stalls: [...stalls, long] }), observation()]));
  const page = await openPage(file, scratch.fresh('browser'));
  try {
    for (const width of [390, 1440])
      for (const scheme of ['light', 'dark'] as const)
        expect({ scheme, ...(await page.look({ width, height: 900, scheme, media: 'screen' })) }).toMatchObject({
          width,
          scheme,
          overflowing: [],
          scrolling: [],
        });
    expect(page.complaints).toEqual([]);
    expect(page.requests).toEqual([`file://${file}`]);
  } finally {
    await page.close();
  }
});
