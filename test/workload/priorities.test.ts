import { describe, expect, test } from 'vitest';
import { applyPriority, type SchedulingCalls, type ThreadRequest } from '../../src/workload/threads/priorities.js';
import { sentencesOf } from '../../src/facts/stated.js';

const request: ThreadRequest = { name: 'holder', tid: 42, nice: 19, policy: 'other', cpus: [0] };

/** A kernel that does what it is told, but for the calls that are refused. */
function kernel(
  refused: Partial<Record<keyof SchedulingCalls, string>> = {},
): SchedulingCalls & { calls: unknown[][] } {
  const now = { policy: 0, nice: 0, slice_ns: 2_800_000, cpus: [0, 1] };
  const calls: unknown[][] = [];
  const call = (name: keyof SchedulingCalls, values: unknown[], effect: () => void): void => {
    calls.push([name, ...values]);
    const code = refused[name];
    if (code !== undefined) throw Object.assign(new Error(code), { code });
    effect();
  };
  return {
    calls,
    setNice: (tid, nice) => {
      call('setNice', [tid, nice], () => {
        now.nice = nice;
      });
    },
    setPolicy: (tid, policy, priority) => {
      call('setPolicy', [tid, policy, priority], () => {
        now.policy = policy;
        now.slice_ns = 2_800_000;
      });
    },
    setSlice: (tid, slice_ns) => {
      call('setSlice', [tid, slice_ns], () => {
        now.slice_ns = slice_ns;
      });
    },
    threadSlice: () => now.slice_ns,
    setAffinity: (tid, cpus) => {
      call('setAffinity', [tid, cpus], () => {
        now.cpus = [...cpus];
      });
    },
    threadScheduling: (tid) => {
      call('threadScheduling', [tid], () => undefined);
      return { policy: now.policy, nice: now.nice, cpus: now.cpus };
    },
  };
}

test('what was asked is set, read back and recorded', () => {
  const scheduling = kernel();
  expect(applyPriority(request, scheduling)).toEqual({
    ...request,
    actual: { nice: 19, policy: 'other', cpus: [0] },
    problems: [],
  });
  expect(scheduling.calls.map(([name]) => name)).toEqual(['setPolicy', 'setNice', 'setAffinity', 'threadScheduling']);
});

test.each([
  ['batch', 3],
  ['idle', 5],
] as const)('the policy %s is SCHED number %i', (policy, number) => {
  const scheduling = kernel();
  expect(applyPriority({ ...request, policy }, scheduling).actual?.policy).toBe(policy);
  expect(scheduling.calls[0]).toEqual(['setPolicy', 42, number, 0]);
});

test.each<[keyof SchedulingCalls, string, string]>([
  ['setNice', 'EACCES', 'nice 19 of thread holder was refused (EACCES); a negative nice value needs root'],
  ['setPolicy', 'EPERM', 'policy other of thread holder was refused (EPERM); run as root'],
  ['setAffinity', 'EINVAL', 'CPUs 0 of thread holder was refused (EINVAL); choose CPUs that taskset'],
])('%s refused is one problem, and the rest is applied', (call, code, sentence) => {
  const { problems, actual } = applyPriority(request, kernel({ [call]: code }));
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatchObject({ code: 'scheduling-refused', errno: code });
  expect(problems[0]?.sentence).toContain(sentence);
  expect(actual).not.toBeNull();
});

test('a kernel that says yes and does not do it is not believed', () => {
  const scheduling = { ...kernel(), setNice: () => undefined };
  expect(sentencesOf(applyPriority(request, scheduling).problems)).toEqual([
    'thread holder was to have nice 19, policy other, CPUs 0 and has nice 0, policy other, CPUs 0; something else sets it too',
  ]);
});

test('a thread that is gone is known as such', () => {
  const { actual, problems } = applyPriority(
    request,
    kernel({ setPolicy: 'ESRCH', setNice: 'ESRCH', setAffinity: 'ESRCH', threadScheduling: 'ESRCH' }),
  );
  expect(actual).toBeNull();
  expect(problems).toHaveLength(4);
});

test('what is not asked for is left as it is', () => {
  const scheduling = kernel();
  expect(applyPriority({ name: 'G1 Service', tid: 42, nice: 19 }, scheduling)).toEqual({
    name: 'G1 Service',
    tid: 42,
    nice: 19,
    actual: { nice: 19, policy: 'other', cpus: [0, 1] },
    problems: [],
  });
  expect(scheduling.calls.map(([name]) => name)).toEqual(['setNice', 'threadScheduling']);
  const deaf = { ...kernel(), setNice: () => undefined };
  expect(sentencesOf(applyPriority({ name: 'G1 Service', tid: 42, nice: 19 }, deaf).problems)).toEqual([
    'thread G1 Service was to have nice 19 and has nice 0, policy other, CPUs 0,1; something else sets it too',
  ]);
});

describe('a slice', () => {
  const sliced = { ...request, slice_ns: 100_000_000 };

  test('is set after the policy, which would reset it, and read back', () => {
    expect(applyPriority(sliced, kernel())).toMatchObject({ actual: { slice_ns: 100_000_000 }, problems: [] });
  });

  test('that the kernel ignores is said, with the kernel that would take it', () => {
    const ignoring = { ...kernel(), setSlice: () => undefined, threadSlice: () => 0 };
    expect(sentencesOf(applyPriority(sliced, ignoring).problems)).toEqual([
      'thread holder was to have nice 19, policy other, slice 100 ms, CPUs 0 and has nice 19, policy other, ' +
        'no slice of its own, CPUs 0; slices need Linux 6.12',
    ]);
  });

  test('that is refused is said', () => {
    const [problem] = applyPriority(sliced, kernel({ setSlice: 'EPERM' })).problems;
    expect(problem?.sentence).toBe(
      'slice 100 ms of thread holder was refused (EPERM); run as root, or leave the slice out',
    );
  });
});
