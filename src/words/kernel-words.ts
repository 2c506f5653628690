/** Sentences, without a full stop, of what differs between two kernels (src/facts/kernel-difference-facts.ts). */
import type { KernelDifferenceFact, StoredKernelDifference } from '../facts/kernel-difference-facts.js';

const mostNamed = 6;

/** To follow the two values: what the difference could explain. */
const explanations: Readonly<Record<Exclude<KernelDifferenceFact['fact'], 'options'>, string>> = {
  version: 'which could explain anything: two versions differ in more than one change',
  sources: 'which could explain anything: they may differ in more than the patches',
  flavour: 'which could explain a difference, because other options than those listed here differ',
  compiler: 'which could explain a difference of some per cent in how long a call holds its lock',
  hz: 'which could explain stalls: a lower tick rate preempts a call less often and later, and keeps it off the CPU for longer slices',
  'preemption default':
    'which could explain stalls: full preempts a call while it holds its lock, lazy and none let it finish; boot both with the same preempt=',
  'preemption models': 'which could explain nothing by itself, but only a model that both have makes them comparable',
  'real time':
    "which could explain stalls: a PREEMPT_RT kernel lends the waiter's priority to some holders and sleeps in other places",
  'per-VMA locks': 'which could explain stalls of page faults and of every call that does not need mmap_lock',
  'transparent huge pages':
    'which could explain stalls: a huge page is given back in one step instead of 512, so that calls on the same bytes hold their lock for far less time',
  mitigations: 'which could explain a difference in the cost of each system call and fault, but hardly waits of 100 ms',
  'cpu.max':
    'which could explain stalls of arms under cpu.max: before 6.18 a throttled thread keeps its lock for the rest of the period (by version only; a backport would not show)',
  autogroup: 'which could explain stalls: with autogroups nice values count only inside a session',
  config: 'so that unknown differences in HZ, preemption, huge pages and mitigations could explain anything',
};

export function statedDifference(difference: KernelDifferenceFact): StoredKernelDifference {
  if (difference.fact !== 'options') {
    const { fact, a, b } = difference;
    return { fact, a, b, options: [], sentence: `${fact}: ${a} against ${b}, ${explanations[fact]}` };
  }
  const { fact, options } = difference;
  const named = [...options.slice(0, mostNamed), ...(options.length > mostNamed ? ['…'] : [])].join(', ');
  const differ = options.length === 1 ? 'differs' : 'differ';
  return {
    fact,
    a: null,
    b: null,
    options,
    sentence: `options: ${options.length} of the configuration ${differ} (${named}), so that more than a patch may explain a difference`,
  };
}
