/** Removes the secrets of a profile from a run. */
import type { Redactor } from '../../profile/resolved/profile-secrets.js';
import { isInJvm, type ResolvedArm } from '../../profile/resolved/resolved.js';
import type { RunOutput } from './run-request.js';

/**
 * A program may print its arguments, a JVM that crashes writes its command line to a file, and a sentence may quote
 * either.
 */
export function outputWithoutSecrets<Run extends RunOutput>(run: Run, arm: ResolvedArm, { text }: Redactor): Run {
  // The arm decides, not the content of the run: a run that failed before its window has no JVM figures, but all its
  // files.
  if (!isInJvm(arm)) return run;
  const { file, files } = run;
  const { jvm, failures } = file;
  return {
    ...run,
    file: {
      ...file,
      failures: mapTexts(failures, text) as typeof failures,
      jvm:
        jvm === null
          ? null
          : {
              ...jvm,
              processes: mapTexts(jvm.processes, text) as typeof jvm.processes,
              logProblems: mapTexts(jvm.logProblems, text) as typeof jvm.logProblems,
            },
    },
    // Only pauselab writes these two files.
    files: Object.fromEntries(
      Object.entries(files).map(([name, content]) => [
        name,
        ['histograms.hlog', 'stalls.json'].includes(name) ? content : text(content),
      ]),
    ),
  };
}

function mapTexts(value: unknown, text: (text: string) => string): unknown {
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) return value.map((item: unknown) => mapTexts(item, text));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, mapTexts(inner, text)]));
}
