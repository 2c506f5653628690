/** Each form is held against its published description; what these say is in the comments. */
import { describe, expect, test } from 'vitest';
import { openBundle } from '../../src/bundle/store.js';
import { countsOfValues } from '../../src/record/histogram/counts.js';
import { serviceFigures } from '../../src/record/histogram/figures.js';
import { distributionOf } from '../../src/record/histogram/histogram.js';
import { exportFormats, type ExportFormat } from '../../src/report/export-formats.js';
import { exportBundle } from '../../src/report/exports.js';
import { kernelSides } from '../../src/verdict/evidence/bundle-side.js';
import { command } from '../support/command.js';
import { scratchFolder } from '../support/scratch.js';
import { stalled, writeFakeBundle, type FakeRun } from '../verdict/fake-bundle.js';
import { said } from '../support/stated.js';

const scratch = scratchFolder();
const evil = 'a,"b"\r\n\\c\ud800';

function fake(runs: readonly FakeRun[]): string {
  const path = scratch.fresh('bundle');
  writeFakeBundle(path, { runs });
  return path;
}

const path = fake([
  { stalls: stalled(1) },
  { stalls: stalled(7), run: { disturbances: [said('steal')] } },
  { stalls: stalled(3) },
  { arm: 'other', series: evil },
  { stalls: stalled(9), run: { disturbances: [said('steal, "much" of it')] } },
  { arm: 'few', values_ns: [5000, 6000] },
]);

function exported(format: ExportFormat): { text: string; notes: readonly string[] } {
  const bundle = openBundle(path);
  return exportBundle(format, bundle, kernelSides(bundle));
}

describe('CSV', () => {
  /** RFC 4180: CRLF after every record, the same number of fields in each, quotes doubled inside quotes. */
  function parse(text: string): string[][] {
    const rows: string[][] = [[]];
    let at = 0;
    while (at < text.length) {
      const quoted = /"((?:[^"]|"")*)"(,|\r\n)/y;
      const plain = /([^",\r\n]*)(,|\r\n)/y;
      quoted.lastIndex = plain.lastIndex = at;
      const match = quoted.exec(text) ?? plain.exec(text);
      if (match === null) throw new Error(`no field at ${at}: ${JSON.stringify(text.slice(at, at + 40))}`);
      rows.at(-1)?.push((match[1] ?? '').replaceAll('""', '"'));
      at += match[0].length;
      if (match[2] === '\r\n' && at < text.length) rows.push([]);
    }
    return rows;
  }

  test('is RFC 4180, and has every run', () => {
    const { text } = exported('csv');
    expect(text.endsWith('\r\n')).toBe(true);
    const [head = [], ...rows] = parse(text);
    expect(new Set(rows.map((row) => row.length))).toEqual(new Set([head.length]));
    expect(new Set(head).size).toBe(head.length);
    const column = (name: string): (string | undefined)[] => rows.map((row) => row[head.indexOf(name)]);
    expect(column('arm')).toEqual(['free', 'free', 'free', 'other', 'free', 'few']);
    expect(column('series')[3]).toBe(evil);
    expect(column('spoiled')).toEqual(['', 'steal', '', '', 'steal, "much" of it', '']);
    expect(column('stalls.count')).toEqual(['1', '7', '3', '0', '9', '0']);
    // Too few operations: not known, and so empty.
    expect(column('service.p99_ns')[5]).toBe('');
  });
});

describe('figures of an arm itself', () => {
  const memoryUse = {
    samples_n: 4,
    rssMeanBytes: 2 ** 20,
    rssPeakBytes: 2 ** 21,
    pssBytes: 2 ** 20,
    processes: [],
    cgroup: null,
  };
  const jvm = { processes: [], threads: [], log: [], logProblems: [], cpu_ns: 1, cpuOver_ns: 1 };
  const own = fake([
    { stalls: stalled(1), run: { memoryUse, jvm } },
    { stalls: stalled(1), run: { memoryUse: { ...memoryUse, rssMeanBytes: 2 ** 22 }, jvm } },
    { arm: 'alone', run: { memoryUse, series: [] } },
  ]);
  const form = (format: ExportFormat): { text: string; notes: readonly string[] } => {
    const bundle = openBundle(own);
    return exportBundle(format, bundle, kernelSides(bundle));
  };

  test('stand in every row of CSV, in a row alone where there is no series', () => {
    const [head = '', ...rows] = form('csv').text.trimEnd().split('\r\n');
    const column = (name: string): (string | undefined)[] =>
      rows.map((row) => row.split(',')[head.split(',').indexOf(name)]);
    expect(column('memory.rss_mean_bytes')).toEqual([2 ** 20, 2 ** 22, 2 ** 20].map(String));
    expect(column('series')).toEqual(['writer.mprotect', 'writer.mprotect', '']);
    expect(column('stalls.count')).toEqual(['1', '1', '']);
    expect(column('gc.pause.count')).toEqual(['0', '0', '']);
  });

  test('are a benchmark, a measure and a family of their own', () => {
    expect(
      (JSON.parse(form('bencher').text) as Record<string, Record<string, object>>)['fake/free/memory']?.[
        'memory-rss-mean-bytes'
      ],
    ).toEqual({ value: 2.5 * 2 ** 20, lower_value: 2 ** 20, upper_value: 2 ** 22 });
    expect(JSON.parse(form('github-action-benchmark').text)).toContainEqual(
      expect.objectContaining({ name: 'fake/alone/memory: resident memory, mean', unit: 'bytes', value: 2 ** 20 }),
    );
    expect(form('openmetrics').text).toContain('# UNIT pauselab_memory_rss_mean_bytes bytes\n');
    expect(form('openmetrics').text).toContain(
      'pauselab_memory_rss_mean_bytes{profile="fake",kernel="6.18.0",arm="free",run="001-free"} 4194304\n',
    );
    expect(form('openmetrics').text).toContain(
      'pauselab_gc_pause_longest_seconds{profile="fake",kernel="6.18.0",arm="free",run="000-free"} 0\n',
    );
  });

  test('that cannot be are not missed', () => {
    expect(form('bencher').notes.join()).not.toMatch(/cgroup|holder/);
  });
});

describe('Bencher Metric Format', () => {
  /**
   * bencher.dev/bmf.json: benchmark → measure → { value, lower_value?, upper_value? }, all numbers; names of at most
   * 1,024 and 64 characters.
   */
  test('is as its JSON Schema says', () => {
    const document = JSON.parse(exported('bencher').text) as Record<string, Record<string, Record<string, unknown>>>;
    for (const [benchmark, measures] of Object.entries(document)) {
      expect(benchmark.length).toBeLessThanOrEqual(1024);
      for (const [measure, metric] of Object.entries(measures)) {
        expect(measure).toMatch(/^[a-z0-9-]{1,64}$/);
        expect(Object.keys(metric)).toEqual(['value', 'lower_value', 'upper_value']);
        for (const value of Object.values(metric)) expect(Number.isFinite(value)).toBe(true);
      }
    }
    // The spoiled run is in no mean.
    expect(document['fake/free/writer.mprotect']?.['stalls-per-minute']).toEqual({
      value: 12,
      lower_value: 6,
      upper_value: 18,
    });
    expect(document['fake/few/writer.mprotect']).not.toHaveProperty('service-p99-ns');
  });
});

describe('github-action-benchmark', () => {
  /** customSmallerIsBetter: a list of { name, unit, value, range?, extra? }; value a number, the others text. */
  test('is as its README says', () => {
    const entries = JSON.parse(exported('github-action-benchmark').text) as Record<string, unknown>[];
    for (const entry of entries) {
      expect(entry).toEqual({
        name: expect.any(String) as unknown,
        unit: expect.any(String) as unknown,
        value: expect.any(Number) as unknown,
        range: expect.any(String) as unknown,
        extra: expect.any(String) as unknown,
      });
      expect(Number.isFinite(entry.value)).toBe(true);
    }
    expect(new Set(entries.map(({ name }) => name)).size).toBe(entries.length);
    expect(entries).toContainEqual({
      name: 'fake/free/writer.mprotect: stalls per minute',
      unit: 'stalls/min',
      value: 12,
      range: '6 to 18 in 2 runs',
      extra: 'Linux 6.18.0',
    });
    expect(exported('github-action-benchmark').notes.join()).not.toContain('smaller is better');
  });

  test('has no figure of which less is worse, and says so', () => {
    const service = serviceFigures(distributionOf(countsOfValues([5e6, 9e6])));
    const holder = {
      name: 'holder.madvise_free',
      service,
      hold_ns: 4e6,
      calls_cpu_ns: 10e6,
      window_calls: 2,
      crossed_calls: 0,
      releasedBytes: 2 ** 30,
      lost_records: 0,
    };
    const issued = [{ call: 'madvise.FREE', by: null, n: 2, bytes: 2 ** 30 }];
    const bundle = openBundle(fake([{ run: { holder, issued } }]));
    const of = (format: ExportFormat) => exportBundle(format, bundle, kernelSides(bundle));
    const { text, notes } = of('github-action-benchmark');
    const names = (JSON.parse(text) as { name: string }[]).map(({ name }) => name);
    expect(names).toContain('fake/free/holder: longest call');
    expect(names).toContain('fake/free/issued: declared calls, by the trace');
    expect(names.join()).not.toMatch(/calls of the holder|memory/);
    expect(notes).toContain(
      'In this format smaller is better, so these are left out: calls of the holder, calls of the holder per minute, memory handed to the calls, memory handed to the declared calls and memory of a declared call, mean.',
    );
    expect(of('bencher').text).toContain('holder-released-bytes');
  });
});

describe('OpenMetrics', () => {
  /**
   * Draft: metadata before samples, families not interleaved, the unit the name's suffix, label values escaped, `# EOF`
   * last and with it a line feed.
   */
  test('is as the draft says', () => {
    const { text } = exported('openmetrics');
    expect(text.endsWith('\n# EOF\n')).toBe(true);
    expect(text).not.toContain('\r');
    const seen = new Set<string>();
    const samples = new Set<string>();
    let family = { name: '', type: '', unit: '' };
    for (const line of text.slice(0, -'# EOF\n'.length).trimEnd().split('\n')) {
      const metadata = /^# (TYPE|UNIT|HELP) ([a-z_][a-z0-9_]*) (.*)$/.exec(line);
      if (metadata?.[1] === 'TYPE') {
        family = { name: metadata[2] ?? '', type: metadata[3] ?? '', unit: '' };
        expect(['gauge', 'info']).toContain(family.type);
        expect(seen).not.toContain(family.name);
        seen.add(family.name);
      } else if (metadata !== null) {
        expect(metadata[2]).toBe(family.name);
        if (metadata[1] === 'UNIT') expect(family.name.endsWith(`_${metadata[3] ?? ''}`)).toBe(true);
      } else {
        const sample = /^([a-z_][a-z0-9_]*)\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*)\} (-?[0-9.e-]+)$/.exec(line);
        expect(sample, line).not.toBeNull();
        expect(sample?.[1]).toBe(family.type === 'info' ? `${family.name}_info` : family.name);
        expect(samples).not.toContain(`${sample?.[1] ?? ''}${sample?.[2] ?? ''}`);
        samples.add(`${sample?.[1] ?? ''}${sample?.[2] ?? ''}`);
      }
    }
    expect(text).toContain('# UNIT pauselab_longest_seconds seconds\n');
    // A sample has the run's name in the bundle, also after a run that is left out.
    expect(text.match(/^pauselab_stalls_per_minute\{.*arm="free".*$/gm)).toEqual([
      'pauselab_stalls_per_minute{profile="fake",kernel="6.18.0",arm="free",series="writer.mprotect",run="000-free"} 6',
      'pauselab_stalls_per_minute{profile="fake",kernel="6.18.0",arm="free",series="writer.mprotect",run="002-free"} 18',
    ]);
    expect(text).toContain('series="a,\\"b\\"\r\\n\\\\c\ufffd"'.replace('\r', ' '));
  });
});

test('what is left out is said', async () => {
  for (const format of exportFormats.filter((one) => one !== 'csv')) {
    const { stderr, code } = await command('export', path, '--format', format);
    expect(code).toBe(0);
    expect(stderr).toContain('pauselab: few, writer.mprotect: service p99 left out: n too small');
    expect(stderr).toContain('2 runs of 6 are disturbed');
  }
});

test('a file may be named, and a form must be one', async () => {
  const file = scratch.fresh('runs.csv');
  expect(await command('export', path, '--format', 'csv', '-o', file)).toMatchObject({ code: 0, stdout: '' });
  expect((await command('export', path)).stderr).toContain("required option '--format <format>' not specified");
  expect((await command('export', path, '--format', 'xml')).stderr).toContain(
    'Allowed choices are csv, bencher, github-action-benchmark, openmetrics',
  );
  expect(await command('export', '/nowhere', '--format', 'csv')).toMatchObject({ code: 2, stdout: '' });
});
