/** Options that stand for a `--set`, alike in every command that runs a profile. */
import type { Override } from '../profile/set.js';

export interface ShortOptions {
  readonly runs?: string | undefined;
  readonly duration?: string | undefined;
  readonly seed?: string | undefined;
  readonly java?: string | undefined;
  readonly javaArgs?: string | undefined;
  readonly kernel?: readonly string[] | undefined;
  readonly preempt?: readonly string[] | undefined;
}

export function shortcuts({ runs, duration, seed, kernel = [], preempt = [] }: ShortOptions): Override[] {
  return [
    ...Object.entries({ runs, duration, seed }).flatMap(([path, value]) => (value === undefined ? [] : [{ path, value, origin: `--${path} ${value}` }])),
    ...(kernel.length === 0 ? [] : [{ path: 'kernels', value: JSON.stringify(kernel), origin: `--kernel ${kernel.join(' --kernel ')}` }]),
    // In a profile for guests; the kernel of this machine takes none.
    ...(preempt.length === 0 ? [] : [{ path: 'preempt', value: JSON.stringify(preempt), origin: `--preempt ${preempt.join(' --preempt ')}` }]),
  ];
}

/** Values are read as YAML, where these would be anything: as JSON they are text. */
export function jvmShortcuts({ java, javaArgs }: ShortOptions): Override[] {
  return [
    ...(java === undefined ? [] : [{ path: 'jvm.java', value: JSON.stringify(java), origin: `--java ${java}` }]),
    ...(javaArgs === undefined ? [] : [{ path: 'jvm.app.args', value: JSON.stringify(javaArgs), origin: `--java-args ${javaArgs}` }]),
  ];
}
