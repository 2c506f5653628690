/** `pauselab observe` beside a process that it did not start and that records its own stalls: who judges is that. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readBundleFile } from '../../src/bundle/store.js';
import { readStalls } from '../../src/bundle/read-stalls.js';
import { cgroupOf } from '../support/cgroup.js';
import { crossingRun, observedRun } from '../support/observed-run.js';
import { expectNothingLeft, pauselab, repository } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';
import { withinTries } from '../support/tries.js';

const scratch = scratchFolder();
const isAllowed = process.getuid?.() === 0 && existsSync('/sys/kernel/btf/vmlinux');

interface Recorded {
  readonly start_ns: number;
  readonly duration_ns: number;
}

/** The operations of 1 ms and more that the process timed itself, by thread, in the arm that stalls. */
function recordedBy(run: string): Map<number, Recorded[]> {
  const { runs, stalls } = readStalls(run);
  const ofArm = stalls.filter(({ arm }) => arm === 'free-across-vmas');
  const file = runs.find(({ name }) => name === ofArm[0]?.run)?.file;
  return new Map(
    ofArm.map(({ stall: { series, thread } }) => [
      thread?.tid ?? 0,
      [...(file?.stalls ?? []), ...(file?.slow ?? [])]
        .filter((one) => one.series === series)
        .sort((a, b) => a.start_ns - b.start_ns),
    ]),
  );
}

/** From outside, operations that follow each other at once are one wait: so the lengths of all runs of neighbours. */
function lengthsOf(recorded: readonly Recorded[]): number[] {
  const gap_ns = 2_000_000;
  return recorded.flatMap((first, i) => {
    const lengths: number[] = [];
    let end_ns = first.start_ns;
    for (const next of recorded.slice(i)) {
      if (next.start_ns - end_ns > gap_ns) break;
      end_ns = next.start_ns + next.duration_ns;
      lengths.push(end_ns - first.start_ns);
    }
    return lengths;
  });
}

describe.skipIf(!isAllowed)('an observation', () => {
  test('finds the stalls that the process records, with the thread and the call that are to blame', async () => {
    await withinTries(4, 'stalls are seen from outside', async () => {
      const [run, observed] = [scratch.fresh('run'), scratch.fresh('observed')];
      const running = observedRun(run);
      const engine = await crossingRun(running.pid);
      const { code, stdout } = await pauselab([
        ...['observe', '--pid', String(engine), '--for', '3s', '--threshold', '30ms', '--out', observed, '--json'],
      ]);
      expect(code).toBe(0);
      await running.ended;
      const { answer, reasons } = JSON.parse(stdout) as {
        answer: { code: string; givingBack_n: number };
        reasons: { cause: string; call: string | null; grade: string; thread: { name: string } | null }[];
      };
      expect(answer.code).toBe('gives-back');
      expect(reasons).toContainEqual(
        expect.objectContaining({
          cause: 'mmap-lock-reader',
          call: 'madvise.FREE',
          givesBack: true,
          grade: 'proven',
          thread: expect.objectContaining({ name: 'holder', role: 'other', nice: 17 }) as unknown,
        }),
      );
      const recorded = recordedBy(run);
      const seen = readBundleFile('stalls', join(observed, 'runs/observed/stalls.json')).stalls.filter(
        ({ cause }) => cause?.cause === 'mmap-lock-reader',
      );
      console.log(`${seen.length} seen`);
      for (const { thread, duration_ns } of seen) {
        const lengths = lengthsOf(recorded.get(thread?.tid ?? 0) ?? []);
        expect(Math.min(...lengths.map((length) => Math.abs(length - duration_ns)))).toBeLessThan(15e6);
      }
    });
  });

  test('says of a process that sleeps that it was not stalled, and how much was watched', async () => {
    const { code, stdout } = await pauselab([
      ...['observe', '--pid', String(process.ppid), '--for', '1s', '--out', scratch.fresh('quiet'), '--json'],
    ]);
    expect(code).toBe(0);
    const { answer, watched_ns, missing } = JSON.parse(stdout) as {
      answer: { code: string };
      watched_ns: number;
      missing: { code: string }[];
    };
    expect(answer.code).toBe('no-stall');
    expect(watched_ns).toBeGreaterThan(0.9e9);
    expect(missing.map(({ code: gap }) => gap)).toEqual(['sleeps-not-judged']);
  });
});

describe.skipIf(!isAllowed)('the documentation', () => {
  const pages = ['README.md', 'docs/observe.md'];
  const written = pages.flatMap((page) =>
    [...readFileSync(join(repository, page), 'utf8').matchAll(/^pauselab (observe .*)$/gm)]
      // test/machine/observe-jvm.test.ts has those of JVMs.
      .filter(([, command = '']) => !command.includes('--main-class'))
      .map(([, command = '']) => [page, command] as const),
  );

  test('has examples', () => {
    expect(written.length).toBeGreaterThan(1);
  });

  test.each(written)('%s: %s', async (_, command) => {
    const sleeper = spawn('sleep', ['60'], { stdio: 'ignore' });
    try {
      const words = command
        .replace(/--pid \d+/, `--pid ${sleeper.pid ?? 0}`)
        .replace(/--name \S+/, '--name sleep')
        .replace(/--cgroup \S+/, () => `--cgroup ${cgroupOf(sleeper.pid ?? 0)}`)
        .replace(/--for \S+/, '')
        .split(' ')
        .filter((word) => word !== '');
      if (words.includes('--check')) {
        const { code, stdout } = await pauselab(words);
        expect(code).toBe(0);
        expect(stdout).toContain('observe is possible, by eBPF');
        return;
      }
      const out = scratch.fresh('documented');
      const { code, stdout } = await pauselab([...words, '--for', '500ms', '--out', out]);
      expect(code).toBe(0);
      expect(stdout).toContain('none of');
      expect((await pauselab(['explain', out])).code).toBe(0);
    } finally {
      sleeper.kill();
    }
  });
});

expectNothingLeft();
