/** The picture of an experiment with several JDKs or kernels: each arm by JDK and kernel. */
import { formatDuration, formatShare } from '../../../base/text/units.js';
import { armMatrix, armStates, type ArmCell, type ArmColumn, type ArmState } from '../../../verdict/run/arm-matrix.js';
import { whyNotRun } from '../../../words/verdict-words.js';
import type { ReportedBundle } from '../gather.js';
import { html, nothing, type Markup } from '../markup.js';
import { matrixTable, signLegend, type Sign, type SignMeaning } from './matrix.js';

const signs: Readonly<Record<ArmState, SignMeaning>> = {
  stalls: { letter: 'S', means: 'stalls', colour: 'k-write' },
  'stalls-under-load': { letter: 'L', means: 'stalls, by runs beside other programs', colour: 'k-read' },
  'like-foreign': { letter: '–', means: 'no stalls beyond the controls', colour: 'k-vma' },
  paused: {
    letter: 'P',
    means: 'no lock shown, but its JVM is paused for longer than the control is known to be',
    colour: 'k-other',
  },
  'heap-kept': { letter: 'H', means: 'the JVM kept its heap', colour: 'k-other' },
  unclear: { letter: '?', means: 'undecided', colour: 'k-open' },
  'no-data': { letter: 'o', means: 'no run to judge by', colour: 'k-open' },
  uncontrolled: { letter: 'U', means: 'has no control', colour: 'k-other' },
  'nothing-timed': { letter: 'n', means: 'nothing is timed', colour: 'k-open' },
  'not-run': { letter: 'x', means: 'its JDK cannot run it', colour: 'k-refused' },
};
const controlsToo = 'c';

/** Of arms that stall, by the share of the time stalled. */
function strength(stalled_share: number): string {
  if (stalled_share >= 0.1) return 'k-write';
  return stalled_share >= 0.01 ? 'k-write-some' : 'k-write-few';
}

/** Null where there is nothing to set side by side. */
export function armsPart({ label, stored: { summary, manifest } }: ReportedBundle, several: boolean): Markup | null {
  if (summary === null) return null;
  const found = armMatrix({ summary, profile: manifest.profile, refused: manifest.refusedArms });
  if (found === null) return null;
  const { columns, rows } = found;
  const cells = rows.flatMap((row) => row.cells.filter((cell) => cell !== null));
  const isGrouped = new Set(columns.map(({ kernel }) => kernel)).size > 1 && columns.some(({ jdk }) => jdk !== null);
  return html`${several ? html`<h3>${label}</h3>` : nothing}${signLegend(
    armStates.filter((state) => cells.some((cell) => cell.state === state)).map((state) => signs[state]),
    cells.some(({ controlsStalled }) => controlsStalled)
      ? html`<li><span class="sign">${controlsToo}</span> a control had stalls too</li>`
      : nothing,
  )}
<p class="small">With the longest stall and, below it, the largest share of the time that a series was stalled; red is stronger from 1 % and from 10 %. ${
    cells.some(({ state }) => state === 'paused')
      ? html` Of a paused JVM: the longest pause, and the share of a run that was spent in pauses, at most.`
      : nothing
  } The verdict is made from the same findings.</p>
${matrixTable({
  caption: 'What was found of each arm',
  label: 'Arms by JDK and kernel',
  corner: 'arm',
  columns: columns.map((column) => ({
    name: isGrouped ? jdkText(column) : nameOf(column),
    title: nameOf(column),
    ...(isGrouped ? { group: column.kernel } : {}),
  })),
  rows: rows.map(({ arm, cells: own }) => ({
    name: arm,
    title: arm,
    cells: own.map((cell, i) => {
      const column = columns[i];
      return cell === null || column === undefined ? [] : [signOf(cell, `${arm}, ${nameOf(column)}`)];
    }),
  })),
})}`;
}

function jdkText({ jdk }: ArmColumn): string {
  return jdk ?? 'without a JDK';
}

function nameOf(column: ArmColumn): string {
  return column.jdk === null ? column.kernel : `${column.jdk} on ${column.kernel}`;
}

function signOf({ state, longest_ns, share, controlsStalled, refused }: ArmCell, place: string): Sign {
  const { letter, means, colour } = signs[state];
  const [kind, held] = state === 'paused' ? ['pause', 'of a run in pauses'] : ['stall', 'of the time stalled'];
  const hasLength = longest_ns !== null && longest_ns > 0;
  const shownShare = hasLength && share !== null ? formatShare(share) : null;
  const below = [...(shownShare === null ? [] : [shownShare]), ...(controlsStalled ? [controlsToo] : [])].join(' ');
  const title = [
    `${place}: ${refused === null ? means : whyNotRun(refused)}`,
    ...(hasLength ? [`longest ${kind} ${formatDuration(longest_ns)}`] : []),
    ...(shownShare === null ? [] : [`${shownShare} ${held}`]),
    ...(controlsStalled ? ['a control had stalls too'] : []),
  ].join('; ');
  return {
    text: hasLength ? `${letter} ${formatDuration(longest_ns)}` : letter,
    ...(below === '' ? {} : { below }),
    colour: state === 'stalls' && share !== null ? strength(share) : colour,
    title,
  };
}
