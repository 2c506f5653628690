/** Stalls of an observation as they come: a line each, for people or for programs. */
import { monotonic_ms } from '../../base/clock.js';
import { printableLine } from '../../base/text/printable.js';
import { formatDuration } from '../../base/text/units.js';
import { cutsOf } from '../../bundle/read-observation.js';
import type { FollowedStall, Follower } from '../../jobs/follow-stalls.js';
import { observedLength } from '../../words/observation-words.js';
import { outputHasEnded, printJsonLine, printNote, printText } from './output.js';

/** On a terminal somebody waits for the next line. */
const quiet_ms = 10_000;

export function createFollower({ isJson }: { readonly isJson: boolean }): Follower {
  const saysQuiet = process.stdout.isTTY && !isJson;
  let since_ms = monotonic_ms();
  let said_ms = since_ms;
  return {
    hasLeft: outputHasEnded(),
    onStalls(stalls) {
      for (const one of stalls) {
        if (isJson) printJsonLine({ kind: 'stall', at: one.at, ...one.stall });
        else printText(`${followedLine(one)}\n`);
      }
      const now_ms = monotonic_ms();
      if (stalls.length > 0) since_ms = said_ms = now_ms;
      if (!saysQuiet || now_ms - said_ms < quiet_ms) return;
      said_ms = now_ms;
      printNote(`no new stall for ${formatDuration(Math.floor((now_ms - since_ms) / quiet_ms) * quiet_ms * 1e6)}`);
    },
  };
}

/** `2026-01-31T12:00:00.123Z  56.9 ms: worker (7) waited … [proven]`. */
export function followedLine({ at, stall }: FollowedStall): string {
  const { cause } = stall;
  const why = cause === null ? `${stall.series}: the cause is not known` : `${cause.sentence} [${cause.grade}]`;
  return printableLine(`${at}  ${observedLength({ ...stall, cuts: cutsOf(stall) })}: ${why}`);
}
