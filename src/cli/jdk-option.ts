/** `--jdk` of every command that measures a profile. */
import { collect } from './option-values.js';

const description =
  'measure every JVM arm, with its controls, under this JDK: deb:<version>, a folder or a java; label=… names it in the results; may be repeated';

/** `before`: what its help begins with. */
export function jdkOption(before = ''): ['--jdk <jdk>', string, typeof collect, string[]] {
  return ['--jdk <jdk>', `${before}${description}`, collect, []];
}
