/** The examples of docs/gate.md and docs/ci.md: commands are run, policies and pipelines read. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { hashOf } from '../../src/profile/resolved/hash.js';
import { loadResolved } from '../../src/profile/written/load.js';
import { isInJvm } from '../../src/profile/resolved/resolved.js';
import { parseSet } from '../support/parse-set.js';
import { defaultGatePolicy, readPolicy } from '../../src/verdict/gate/policy.js';
import { policyJsonSchema } from '../../src/verdict/gate/policy-schema.js';
import { command } from '../support/command.js';
import { scratchFolder } from '../support/scratch.js';
import { argumentsOf } from '../support/written-commands.js';
import { stalled, writeFakeBundle } from '../verdict/fake-bundle.js';
import { readPage } from '../support/page.js';

const scratch = scratchFolder();
const cwd = process.cwd();

afterAll(() => {
  process.chdir(cwd);
});

const page = (name: string): string => readPage(`docs/${name}.md`);
const blocks = (text: string, info: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${info}\\n([^]*?)^\`\`\`$`, 'gm'))].map(([, inside = '']) => inside);
const [gatePage, ciPage] = [page('gate'), page('ci')];
const profile = await loadResolved('priority-inversion');

function results(name: string, day: number): void {
  writeFakeBundle(join(scratch.path, 'results', name), {
    runs: Array.from({ length: 10 }, (_, i) => ({
      arm: 'free-one-vma',
      stalls: stalled(0),
      run: { startedAt: `2026-01-0${day}T00:00:${10 + i}.000Z`, repetition: i + 1 },
    })),
    manifest: {
      profile,
      profileHash: hashOf(profile),
      startedAt: `2026-01-0${day}T00:00:00.000Z`,
      order: [{ arm: 'free-one-vma', kernel: null, repetition: 1 }],
    },
  });
}

describe('docs/gate.md', () => {
  const commands = blocks(gatePage, 'sh gate').flatMap((text) => text.trim().split('\n'));

  test('marks all of its commands', () => {
    expect(commands.length).toBeGreaterThan(10);
    expect(gatePage.match(/^```sh/gm)).toHaveLength(gatePage.match(/^```sh gate$/gm)?.length ?? 0);
  });

  test('its policy is one, and its commands work', async () => {
    const [policy = ''] = blocks(gatePage, 'yaml policy');
    expect(readPolicy(policy, 'docs').rules.map(({ name }) => name)).toEqual(['no-worse', 'writers-never-wait']);
    writeFileSync(join(scratch.path, 'gate.yaml'), policy);
    ['before', 'after', 'monday', 'tuesday', 'turns/baseline', 'turns/candidate'].forEach((name, i) => {
      results(name, i + 1);
    });
    process.chdir(scratch.path);
    for (const line of commands) {
      const { code, stdout } = await command(...argumentsOf(line.replace(/^pauselab /, '')));
      expect({ line, code, isSilent: stdout === '' }).toEqual({
        line,
        code: 0,
        isSilent: line.includes(' -o ') && line.includes('export'),
      });
    }
  });

  test.each(keysOf(policyJsonSchema()))('has the key %s', (key) => {
    expect(gatePage).toMatch(new RegExp(`^- [^:]*\`${key}\``, 'm'));
  });

  test('has the defaults', () => {
    const { alpha, minimumRuns, inconclusive } = readPolicy('rules: [{ compare: [longest_ns] }]', 'x');
    for (const [key, value] of Object.entries({ alpha: `${alpha * 100}%`, minimumRuns, inconclusive }))
      expect(gatePage).toContain(`\n- \`${key}\` (default \`${value}\`): `);
    expect(defaultGatePolicy()).toMatchObject({ alpha, minimumRuns, inconclusive });
  });
});

/** Every key of a schema. */
function keysOf(schema: unknown): string[] {
  const keys = new Set<string>();
  JSON.stringify(schema, (key, value: unknown) => {
    if (key === 'properties') for (const name of Object.keys(value as object)) keys.add(name);
    return value;
  });
  return [...keys];
}

describe('docs/ci.md', () => {
  interface Step {
    readonly uses?: string;
    readonly run?: string;
  }
  const github = parse(blocks(ciPage, 'yaml github')[0] ?? '', { strict: true }) as {
    on: unknown;
    jobs: Record<string, { 'runs-on': unknown; steps: Step[] }>;
  };
  const gitlab = parse(blocks(ciPage, 'yaml gitlab')[0] ?? '', { strict: true }) as Record<
    string,
    { script: string[]; before_script: string[]; artifacts: { reports: { junit: string } } }
  >;
  const [jenkins = ''] = blocks(ciPage, 'groovy');

  test('GitHub’s workflow has what a workflow needs', () => {
    const steps = Object.values(github.jobs).flatMap((job) => job.steps);
    expect(github.on).toBeDefined();
    expect(steps.length).toBeGreaterThan(5);
    // A step either uses an action or runs something.
    for (const step of steps) expect([step.uses, step.run].filter((one) => one !== undefined)).toHaveLength(1);
  });

  test('GitLab’s job names the report that its command writes', () => {
    const [job] = Object.values(gitlab);
    expect(job?.script.join('\n')).toContain(`--junit ${job?.artifacts.reports.junit ?? '?'}`);
  });

  test('Jenkins’ braces and quotes are even', () => {
    let depth = 0;
    for (const character of jenkins.replace(/'[^'\n]*'|"[^"\n]*"/g, '')) {
      expect(character).not.toMatch(/['"]/);
      if (character === '{') depth += 1;
      if (character === '}') depth -= 1;
      expect(depth).toBeGreaterThanOrEqual(0);
    }
    expect(depth).toBe(0);
  });

  const rows = [...ciPage.matchAll(/^\| `pauselab (gate --run [^`]*)` \| (\d+) s \| (\d+) s \|$/gm)].map(
    ([, words = '', least, with2]) => ({ words, least_s: Number(least), withStarts_s: Number(with2) }),
  );

  test.each(rows)('its time of a side is that of the plan: $words', async ({ words, least_s, withStarts_s }) => {
    const policy = scratch.write('no-baseline.yaml', 'rules: [{ limits: [stalls_per_minute == 0] }]');
    const [, , profileName = '', ...rest] = argumentsOf(words);
    const { stdout, stderr } = await command(
      'gate',
      '--run',
      profileName,
      ...rest,
      '--policy',
      policy,
      '--dry-run',
      '--json',
    );
    expect(stderr).toBe('');
    const { leastDuration_ns, order } = JSON.parse(stdout) as { leastDuration_ns: number; order: readonly unknown[] };
    expect({ least_s, withStarts_s }).toEqual({
      least_s: Math.round(leastDuration_ns / 1e9),
      withStarts_s: Math.round(leastDuration_ns / 1e9) + 2 * order.length,
    });
    const { arms } = await loadResolved(
      profileName,
      rest.includes('--java-args') ? [parseSet('jvm.app.args=-jar my.jar')] : [],
    );
    expect(withStarts_s).toBeLessThanOrEqual(arms.some(isInJvm) ? 480 : 180);
  });

  test('it has times of native profiles and of JVMs', () => {
    expect(rows.length).toBeGreaterThan(5);
  });

  test('its exit codes are all that a gate has', () => {
    for (const code of [0, 2, 3, 4, 5, 6]) expect(ciPage).toMatch(new RegExp(`^\\| ${code} \\|`, 'm'));
  });
});
