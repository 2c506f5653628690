// Judges what observe says of planted stalls by the log of the service, which timed its operations itself.
import { delayersDuring } from './waker-judge.mjs';

const judged_ns = 50e6;
/** These happen in any JVM on any machine, so what they name is another cause of a stall, and not a wrong thread. */
const alsoHere = ['not-scheduled', 'safepoint', 'gc-pause'];

const counts = { n: 0, found: 0, cause: 0, thread: 0, wrong: 0, confirmed: 0, idle_n: 0, blamedIdle: 0 };
export const nothingJudged = { ...counts, others: {} };

/**
 * Of each operation of 50 ms and more, whole inside of what was watched: `found`, stalls of its thread cover at least
 * half of it; `cause` and `thread`, the longest of them has a cause and a thread that were planted; `wrong`, it names
 * another thread, and says that this is likely or proven. `others` counts all other answers.
 *
 * `wakings`: the kernel's events (waker-judge.mjs); null: not recorded. Where they show that the other thread delayed the
 * service for as long as observe says, that is another cause of the stall: `confirmed`, and not `wrong`.
 *
 * `acted`: when the plant acted, by a log of its process; null: always. An operation counts if that covers at least half
 * of it. Of those during which the plant did nothing (`idle_n`), `blamedIdle` name its thread all the same, as likely or
 * proven, and `wakings` does not show that it delayed them: a thread of low priority can do that at any time.
 */
export function judge(
  log,
  { stalls, monotonicStart_ns, watched_ns },
  { causes, culprits },
  acted = null,
  wakings = null,
) {
  const judged = { ...nothingJudged, others: {} };
  for (const line of log.trim().split('\n')) {
    const [tid, at_ns, took_ns] = line.split(' ').map(Number);
    const span = { start_ns: at_ns - monotonicStart_ns, end_ns: at_ns - monotonicStart_ns + took_ns };
    if (!(took_ns >= judged_ns) || span.start_ns < 0 || span.end_ns > watched_ns) continue;
    const seen = stalls
      .filter((stall) => stall.thread.tid === tid && overlap_ns(stall, span) > 0)
      .toSorted((a, b) => overlap_ns(b, span) - overlap_ns(a, span));
    const acted_ns = acted === null ? took_ns : actedWithin_ns(acted, at_ns, took_ns);
    if (acted_ns === 0) {
      judged.idle_n += 1;
      const isShown = (stall) => wakings !== null && isConfirmed(stall, monotonicStart_ns, wakings);
      if (seen.some((stall) => isBlamed(stall.cause, culprits) && !isShown(stall))) judged.blamedIdle += 1;
    }
    if (acted_ns < took_ns / 2) continue;
    judged.n += 1;
    const covered_ns = seen.reduce((sum, stall) => sum + overlap_ns(stall, span), 0);
    if (covered_ns < took_ns / 2) continue;
    judged.found += 1;
    const [stall] = seen;
    const { cause } = stall;
    const isCause =
      causes.includes(cause.cause) &&
      (!alsoHere.includes(cause.cause) || culprits.length === 0 || culprits.includes(cause.thread?.name ?? null));
    const isThread = isCause && culprits.includes(cause.thread?.name ?? null);
    if (isCause) judged.cause += 1;
    if (isThread) judged.thread += 1;
    if (isThread) continue;
    if (isOtherThread(cause, culprits))
      judged[wakings !== null && isConfirmed(stall, monotonicStart_ns, wakings) ? 'confirmed' : 'wrong'] += 1;
    const answer = `${cause.cause}${cause.thread === null ? '' : ` by ${cause.thread.name}`} (${cause.grade})`;
    judged.others[answer] = (judged.others[answer] ?? 0) + 1;
  }
  return judged;
}

const isOtherThread = ({ cause, thread, grade }, culprits) =>
  grade !== 'possible' && thread !== null && !culprits.includes(thread.name) && !alsoHere.includes(cause);

/** Of what is claimed, a tenth may be the delays of recording. */
function isConfirmed({ thread, start_ns, duration_ns, cause }, origin_ns, wakings) {
  const from_ns = origin_ns + start_ns;
  const delayers = delayersDuring(wakings, thread.tid, from_ns, from_ns + duration_ns);
  const { time_ns } = delayers.find(({ tid }) => tid === cause.thread.tid) ?? { time_ns: 0 };
  return time_ns >= 0.9 * cause.duration_ns;
}

const isBlamed = ({ thread, grade }, culprits) =>
  grade !== 'possible' && thread !== null && culprits.includes(thread.name);

function actedWithin_ns(acted, start_ns, duration_ns) {
  return acted.reduce((sum, span) => sum + overlap_ns({ start_ns, duration_ns }, span), 0);
}

function overlap_ns({ start_ns, duration_ns }, span) {
  return Math.max(0, Math.min(start_ns + duration_ns, span.end_ns) - Math.max(start_ns, span.start_ns));
}

export function summed(a, b) {
  const others = { ...a.others };
  for (const [answer, n] of Object.entries(b.others)) others[answer] = (others[answer] ?? 0) + n;
  return { ...Object.fromEntries(Object.keys(counts).map((key) => [key, a[key] + b[key]])), others };
}

export function judgedText({ n, found, cause, thread, wrong, confirmed, idle_n, blamedIdle, others }) {
  if (n + idle_n === 0) return 'no operation of 50 ms or more';
  const share = (part) => `${part} (${((100 * part) / Math.max(1, n)).toFixed(1)} %)`;
  return [
    `${n} operations of 50 ms or more: ${share(found)} found, ${share(cause)} with the planted cause, ${share(thread)} with its thread too`,
    `another thread, likely or proven: ${wrong}${boundOf(wrong, n)}`,
    ...(confirmed === 0 ? [] : [`another thread that the kernel’s events confirm: ${confirmed}`]),
    ...(idle_n === 0
      ? []
      : [
          `${idle_n} operations of 50 ms or more during which the plant did nothing: ${blamedIdle} blame its thread${boundOf(blamedIdle, idle_n)}`,
        ]),
    ...Object.entries(others)
      .toSorted(([, a], [, b]) => b - a)
      .map(([answer, times]) => `other answer: ${answer}, ${times} times`),
  ].join('\n  ');
}

const boundOf = (times, n) =>
  times > 0 || n === 0 ? '' : ` (bound 3/n: ${Math.min(100, (100 * 3) / n).toFixed(1)} %)`;
