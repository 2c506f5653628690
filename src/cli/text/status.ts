/**
 * Live status of an experiment. On a terminal it is a line that is rewritten and fits the width; elsewhere it is a log
 * line every ten seconds.
 */
import { sentencesOf } from '../../facts/stated.js';
import { monotonic_ms } from '../../base/clock.js';
import { printableLine } from '../../base/text/printable.js';
import { redacted } from '../../base/secrets.js';
import { fitted } from '../../base/text/text-width.js';
import { formatDuration } from '../../base/text/units.js';
import type { RunFile } from '../../bundle/bundle-schema.js';
import type { Watcher } from '../../jobs/progress.js';
import type { ResolvedProfile } from '../../profile/resolved/resolved.js';
import type { Logger } from './logger.js';

const redraw_ms = 250;
const heartbeat_ms = 10_000;
const clearLine = '\r\x1b[K';
/** Width of a terminal that does not report its width. */
const usualColumns = 80;

export function createStatus(logger: Logger, profile: ResolvedProfile): Watcher {
  const { warmup_ns, duration_ns, kernels, preempt, features = [] } = profile;
  const several = [kernels, preempt, features].some(({ length }) => length > 1);
  const terminal = process.stderr.isTTY;
  const run_s = (warmup_ns + duration_ns) / 1e9;
  let what = 'starting';
  let runsLeft = 0;
  let phase = '';
  let phaseSince = monotonic_ms();
  let stalls = 0;

  const enter = (next: string): void => {
    phase = next;
    phaseSince = monotonic_ms();
  };
  const text = (): string => {
    const inPhase_s = (monotonic_ms() - phaseSince) / 1000;
    const measured_s = phase === 'measuring' ? Math.min(inPhase_s, run_s) : 0;
    const progress = phase === 'measuring' ? ` ${measured_s.toFixed(1)} of ${run_s.toFixed(1)} s` : '';
    const left_s = Math.max(0, (runsLeft + 1) * run_s - measured_s);
    const left =
      runsLeft + stalls === 0 && phase === ''
        ? ''
        : ` · at least ${Math.ceil(left_s)} s left · stalls in this run so far: ${stalls}`;
    return `${what}${phase === '' ? '' : ` · ${phase}${progress}`}${left}`;
  };
  // Updates are rare, because this process shares the CPUs with the measured processes.
  const timer = setInterval(
    () => {
      if (terminal) process.stderr.write(clearLine + shown(text()));
      else logger.info(text());
    },
    terminal ? redraw_ms : heartbeat_ms,
  );
  timer.unref();
  const log = (line: string): void => {
    if (terminal) process.stderr.write(clearLine);
    logger.info(line);
  };

  return {
    note: log,
    progress(line) {
      what = line;
    },
    onCalibration(line) {
      what = line;
      log(line);
    },
    onRunStart({ number, of, side, arm, kernel, repetition }) {
      what = `run ${number} of ${of}: ${side === null ? '' : `${side}, `}${arm}${several ? ` on ${kernel}` : ''}, repetition ${repetition}`;
      runsLeft = of - number;
      stalls = 0;
      enter('preparing');
    },
    onPhase(next) {
      enter(next);
    },
    onSnapshot(snapshot) {
      stalls = snapshot.series.reduce((sum, { stall_n, response }) => sum + (response === null ? 0 : stall_n), 0);
    },
    onRunEnd(run) {
      log(`${what}: ${outcomeOf(run)}`);
    },
    end() {
      clearInterval(timer);
      if (terminal) process.stderr.write(clearLine);
    },
  };
}

/** A line that wraps cannot be rewritten. The last column stays free, because some terminals wrap there. */
function shown(text: string): string {
  return fitted(printableLine(redacted(text)), (process.stderr.columns || usualColumns) - 1);
}

function outcomeOf({ status, failures, interrupted, disturbances, series }: RunFile): string {
  if (status === 'failed') return `failed: ${sentencesOf(failures).join('; ')}`;
  if (interrupted === true) return `cut short, and its results are lost: ${sentencesOf(failures).join('; ')}`;
  const count = series.reduce((sum, { stalls }) => sum + stalls.count, 0);
  const longest_ns = Math.max(0, ...series.map(({ stalls }) => stalls.longest_ns));
  const stalls =
    count === 0 ? 'no stall' : `${count} stall${count === 1 ? '' : 's'}, the longest ${formatDuration(longest_ns)}`;
  const suffix = disturbances.length > 0 ? `; disturbed: ${sentencesOf(disturbances).join(', ')}` : '';
  return `${status === 'partial' ? 'cut short, ' : ''}${stalls}${suffix}`;
}
