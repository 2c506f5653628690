/** Options that stand for a `--set`, alike in every command that runs a profile. */
import type { Override } from '../profile/written/set.js';

/** What can differ between the sides of a gate. */
export interface ChangeOptions {
  readonly set: readonly string[];
  readonly java?: string | undefined;
  readonly javaArgs?: string | undefined;
  readonly kernel?: readonly string[] | undefined;
}

export interface ShortOptions extends Omit<ChangeOptions, 'set'> {
  readonly runs?: string | undefined;
  readonly duration?: string | undefined;
  readonly seed?: string | undefined;
  readonly preempt?: readonly string[] | undefined;
}

/** `before`: what the option's name begins with. */
export function shortcuts(
  { runs, duration, seed, kernel = [], preempt = [] }: ShortOptions,
  before = '--',
): Override[] {
  return [
    ...Object.entries({ runs, duration, seed }).flatMap(([path, value]) =>
      value === undefined ? [] : [{ path, value, origin: `--${path} ${value}` }],
    ),
    ...(kernel.length === 0
      ? []
      : [
          {
            path: 'kernels',
            value: JSON.stringify(kernel),
            origin: kernel.map((one) => `${before}kernel ${one}`).join(' '),
          },
        ]),
    // In a profile for guests; the kernel of this machine takes none.
    ...(preempt.length === 0
      ? []
      : [{ path: 'preempt', value: JSON.stringify(preempt), origin: `--preempt ${preempt.join(' --preempt ')}` }]),
  ];
}

/** Values are read as YAML, where these would be anything: as JSON they are text. */
export function jvmShortcuts({ java, javaArgs }: Pick<ShortOptions, 'java' | 'javaArgs'>, before = '--'): Override[] {
  return [
    ...(java === undefined ? [] : [{ path: 'jvm.java', value: JSON.stringify(java), origin: `${before}java ${java}` }]),
    ...(javaArgs === undefined
      ? []
      : [{ path: 'jvm.app.args', value: JSON.stringify(javaArgs), origin: `${before}java-args ${javaArgs}` }]),
  ];
}
