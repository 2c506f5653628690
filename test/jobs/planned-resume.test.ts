/** A dry run of a resume ends as the resume would, and prints its plan also then. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { unfit } from '../../src/base/failure.js';
import type { KernelRecord } from '../../src/bundle/bundle-schema.js';
import { localPlace } from '../../src/experiment/place/place.js';
import { runOrder } from '../../src/experiment/plan/order.js';
import { hostFacts } from '../../src/host/facts.js';
import { findFormerJdk, formerJdks } from '../../src/jobs/former-jdks.js';
import { gone } from '../../src/jobs/former-gone.js';
import { makeReady } from '../../src/jobs/make-ready.js';
import { plannedResume } from '../../src/jobs/planned-resume.js';
import { describeGuests } from '../../src/jobs/resolve-places.js';
import { toolVersion } from '../../src/jobs/tool-version.js';
import { guestImage } from '../../src/kernel/guest/guest-image.js';
import { profileHashOf } from '../../src/profile/resolved/profile-secrets.js';
import { loadResolved } from '../../src/profile/written/load.js';
import { parseSet } from '../support/parse-set.js';
import { command } from '../support/command.js';
import { scratchFolder } from '../support/scratch.js';
import { kernelRecord, writeFakeBundle, type FakeManifest } from '../verdict/fake-bundle.js';

// What is under test asks for no JDK, no parts of guests and no image of one.
vi.mock('../../src/jobs/former-jdks.js', { spy: true });
vi.mock('../../src/jobs/make-ready.js', { spy: true });
vi.mock('../../src/kernel/guest/guest-image.js', { spy: true });

const scratch = scratchFolder();
const here = localPlace().kernel;
const profile = await loadResolved('convoy', [parseSet('runs=2')]);
const all_n = 2 * profile.arms.length;

beforeEach(() => {
  vi.mocked(formerJdks).mockReturnValue([]);
  vi.mocked(makeReady).mockResolvedValue([]);
  vi.mocked(guestImage).mockImplementation(() => {
    throw unfit('there is no image');
  });
});

/** One run of an experiment on this kernel. */
function begun(kernel: KernelRecord = here, changed: FakeManifest = {}, of = profile): string {
  const path = scratch.fresh('bundle');
  const names = of.arms.map(({ name }) => name);
  const order = runOrder(names, [kernel.name], of.runs, of.seed);
  writeFakeBundle(path, {
    runs: order.slice(0, 1).map(({ arm, repetition }) => ({ arm, run: { kernel: kernel.name, repetition } })),
    manifest: {
      tool: { name: 'pauselab', version: toolVersion() },
      host: { ...hostFacts() },
      kernels: [kernel],
      order,
      profile: of,
      profileHash: profileHashOf(of),
      ...changed,
    },
    status: 'partial',
  });
  return path;
}

const nothing = (): void => undefined;
const planned = (path: string) => plannedResume(path, { trust: true, note: nothing });

test('a JDK that is gone refuses it, and the plan is printed', async () => {
  const former = {
    asked: 'deb:26',
    packaged: {
      package: 'openjdk-26-jre-headless',
      version: '26.0.1+8-1',
      suite: 'sid',
      libc: { version: '2', suite: 'sid' },
    },
  };
  const refusal = gone({ asked: 'deb:26', called: 'openjdk-26-jre-headless 26.0.1+8-1' });
  vi.mocked(formerJdks).mockReturnValue([former]);
  vi.mocked(findFormerJdk).mockRejectedValue(refusal);
  const path = begun();
  const plan = await planned(path);
  expect(plan.refusal).toBe(refusal);
  expect(plan.runs.order).toHaveLength(all_n - 1);
  expect(plan.kept).toEqual(readdirSync(join(path, 'runs')));
  const { code, stdout, stderr } = await command('resume', path, '--dry-run');
  expect({ code, stderr }).toEqual({ code: 5, stderr: `pauselab: ${refusal.message}\n` });
  expect(stdout).toContain(`Lacks ${all_n - 1} runs.\n`);
});

test('a kernel that is gone refuses it, and the plan is shown without guests', async () => {
  const asked = '/no/such/kernel';
  const onKernel = await loadResolved('convoy', ['runs=2', `kernels=["${asked}"]`].map(parseSet));
  const plan = await planned(begun(kernelRecord('6.16.12', { asked }), {}, onKernel));
  expect(plan.refusal).toMatchObject({ exitCode: 2, message: expect.stringContaining(asked) as string });
  expect(plan.runs.guests).toEqual([]);
  expect(plan.runs.order).toHaveLength(all_n - 1);
});

test('an error of pauselab is no refusal', async () => {
  vi.mocked(formerJdks).mockImplementation(() => {
    throw new TypeError('a bug');
  });
  await expect(planned(begun())).rejects.toThrow(TypeError);
});

test('of a bundle without a folder of runs says so, and not that it is in use', async () => {
  const path = begun();
  rmSync(join(path, 'runs'), { recursive: true });
  await expect(planned(path)).rejects.toMatchObject({
    exitCode: 2,
    message: `${path} is no bundle: it has no folder runs; name a folder that \`pauselab run\` wrote`,
  });
});

test('a note names the former kernel that a guest gets from the cache', async () => {
  const image = {
    asked: 'deb:6.16',
    release: '6.16.12',
    image: '/no/such/image',
    config: null,
    modules: null,
    sha256: '',
    origin: { kind: 'file' },
  } as const;
  const notes: string[] = [];
  const wanted = {
    kernels: ['deb:6.16'],
    preempt: [],
    features: [],
    guest: { cpus: 1, memoryBytes: 2 ** 30, append: [], bootDeadline_ms: 1000 },
  };
  const former = new Map([['deb:6.16', { image, called: 'linux-image 6.16.12-1', exact: null }]]);
  // Whether a guest could be booted depends on the machine.
  await describeGuests(wanted, (text) => notes.push(text), former).catch(nothing);
  expect(notes).toEqual(['deb:6.16 is linux-image 6.16.12-1 of the cache, which the runs so far used']);
});

describe('the text', () => {
  const began = 'it was `pauselab run fake`, on 2026-01-01T00:00:00.000Z.\n';

  test('says what the experiment is, as that of a replay does', async () => {
    const path = begun();
    const named = `${path}: convoy, seed ${profile.seed}`;
    const resumed = await command('resume', path, '--dry-run');
    const replayed = await command('replay', path, '--dry-run');
    expect(resumed.stdout).toContain(`Resumes ${named}; ${began}`);
    expect(replayed.stdout).toContain(`Replays ${named}, ${profile.arms.length} arms, 2 runs each; ${began}`);
  });

  test('says which changes forbid new runs, and which the bundle will record', async () => {
    const path = begun(here, { host: { ...hostFacts(), cpuModel: 'An abacus', node: 'v1' } });
    const { code, stdout } = await command('resume', path, '--dry-run');
    expect(code).toBe(5);
    expect(stdout).toMatch(
      /^Changed since the beginning; the new runs would not be comparable:\n {2}the CPU: An abacus before, .* now\nChanged since the beginning; the bundle will record it:\n {2}Node: v1 before, .* now\n/m,
    );
  });
});
