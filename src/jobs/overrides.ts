/** Options that stand for overrides of a profile, the same in every command that loads a profile. */
import { hostKernel } from '../profile/check/asked-kernel.js';
import { parseOverride, type Override } from '../profile/written/set.js';
import type { Path } from '../profile/written/tree.js';

/** What can differ between the sides of a gate. */
export interface ChangeOptions {
  /** Each as path=value. */
  readonly set?: readonly string[] | undefined;
  readonly java?: string | undefined;
  /** JDKs of all arms with a JVM, each with its arms. */
  readonly jdk?: readonly string[] | undefined;
  readonly javaArgs?: string | undefined;
  readonly kernel?: readonly string[] | undefined;
}

export interface ProfileOptions extends ChangeOptions {
  readonly runs?: number | undefined;
  readonly duration?: string | undefined;
  readonly seed?: number | undefined;
  readonly preempt?: readonly string[] | undefined;
  /** Of the scheduler. */
  readonly feature?: readonly string[] | undefined;
  /** This machine, whose kernel was built with this label. */
  readonly bootLabel?: string | undefined;
}

/** An override of a setting that only a JVM has. */
export interface JvmOverride extends Override {
  readonly option: string;
}

export interface Overrides {
  readonly ofAll: readonly Override[];
  readonly ofJvm: readonly JvmOverride[];
}

/** `before`: what the names of the options begin with. */
export function overridesOf(options: ProfileOptions, before = '--'): Overrides {
  const { set = [], runs, duration, seed, kernel = [], preempt = [], feature = [], bootLabel } = options;
  const { java, jdk = [], javaArgs } = options;
  const one = (name: string, path: Path, value: string | number | undefined): JvmOverride[] =>
    value === undefined ? [] : [{ path, value, option: before + name, origin: `${before}${name} ${value}` }];
  const list = (name: string, path: Path, values: readonly string[]): JvmOverride[] =>
    values.length === 0
      ? []
      : [
          {
            path,
            value: values,
            option: before + name,
            origin: values.map((value) => `${before}${name} ${value}`).join(' '),
          },
        ];
  return {
    ofAll: [
      ...set.map((text) => parseOverride(`${before}set`, text)),
      ...one('runs', ['runs'], runs),
      ...one('duration', ['duration'], duration),
      ...one('seed', ['seed'], seed),
      ...list('kernel', ['kernels'], kernel),
      ...list('preempt', ['preempt'], preempt),
      ...list('feature', ['features'], feature),
      ...(bootLabel === undefined ? [] : ofThisBoot(bootLabel, `${before}boot-label ${bootLabel}`)),
    ],
    ofJvm: [
      ...one('java', ['jvm', 'java'], java),
      ...list('jdk', ['jdks'], jdk),
      ...one('java-args', ['jvm', 'app', 'args'], javaArgs),
    ],
  };
}

/** In place of the kernels and models of the profile, which are for guests. */
function ofThisBoot(label: string, origin: string): Override[] {
  return [
    { path: ['kernels'], value: [`${label}=${hostKernel}`], origin },
    { path: ['preempt'], value: [], origin },
  ];
}
