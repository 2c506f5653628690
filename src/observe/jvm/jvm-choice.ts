/** JVMs by what they run, as `jps` names them. */
import { usage } from '../../base/failure.js';
import { jvmsNamed, runningJvms } from './jvm-process.js';

/** Throws where a name means no JVM. */
export function pidsOfMain(names: readonly string[]): number[] {
  if (names.length === 0) return [];
  const running = runningJvms();
  return names.flatMap((name) => {
    const found = jvmsNamed(running, name);
    if (found.length > 0) return found.map(({ pid }) => pid);
    const those = running.map(({ pid, command: { main } }) => `${main ?? 'unknown'} (${pid})`).join(', ');
    throw usage(
      those === ''
        ? `--main-class ${name}: no JVM runs that this user may look into; run pauselab as its user or as root`
        : `--main-class ${name}: no JVM has this main class or jar; these run: ${those}`,
    );
  });
}
