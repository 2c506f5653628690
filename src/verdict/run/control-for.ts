/** The controls that an arm is compared with: those of its JDK, where the profile lists several JDKs. */
import type { ArmSummary } from '../../bundle/bundle-schema.js';

/** Undefined where the experiment has no such control, or its JDK could not run it. `arms`: all of the kernel. */
export function controlFor<Arm extends Pick<ArmSummary, 'jdk' | 'control'>>(
  { jdk }: Pick<ArmSummary, 'jdk'>,
  arms: readonly Arm[],
  kind: NonNullable<ArmSummary['control']>,
): Arm | undefined {
  const controls = arms.filter(({ control }) => control === kind);
  const own = controls.find((control) => control.jdk === jdk);
  // An arm without a JVM has no JDK, and the controls of an arm without a JVM are those of all arms.
  return own ?? (jdk === null ? controls[0] : controls.find((control) => control.jdk === null));
}
