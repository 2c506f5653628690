/** For an experiment with a program of the user: is giving memory back the reason of its stalls? */
import { appAnswer, type AppAnswer } from '../attribution/app-answer.js';
import type { SummaryFile } from '../bundle/bundle-schema.js';
import { readStalls } from '../bundle/read-stalls.js';

/** Answers for the arms that run the user's program with probes. These experiments have no controls. */
export function answersOf({ arms }: SummaryFile, bundle: string): readonly AppAnswer[] {
  const asked = arms.some(({ control }) => control !== null)
    ? []
    : arms.filter(({ jvm, series, runs }) => jvm !== null && series.length > 0 && runs > 0);
  if (asked.length === 0) return [];
  const { stalls } = readStalls(bundle);
  return asked.map((arm) => appAnswer(arm, stalls));
}
