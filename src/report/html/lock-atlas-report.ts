/** The page of an atlas: the lock of each call on each kernel, what changed between kernels, what differs from us. */
import { readAtlas } from '../../bundle/lock-atlas.js';
import type { LockTableFile } from '../../bundle/lock-table-schema.js';
import { lockRanges, withDeclarations, type Lock, type LockRangeName, type LockRow } from '../../catalogue/lock-row.js';
import { operations } from '../../catalogue/operations.js';
import { counted, listed } from '../../words/text.js';
import { columnNames, notAsDeclared, rangeInWords } from '../../words/lock-words.js';
import { html, type Markup } from './markup.js';
import { pageOf } from './page.js';
import { matrixTable, signLegend, type Sign, type SignMeaning } from './parts/matrix.js';
import { table } from './parts/table.js';

interface AtlasColumn extends Omit<LockTableFile, 'locks'> {
  readonly locks: readonly LockRow[];
  /** Above its column. */
  readonly name: string;
}

export function lockAtlasReport(paths: readonly string[]): string {
  const files = paths.flatMap(readAtlas);
  const names = columnNames(files);
  const columns = files.map(({ locks, ...file }, i): AtlasColumn => ({
    ...file,
    name: names[i] ?? file.kernel,
    locks: withDeclarations(locks, file.release),
  }));
  return lockAtlasDocument(columns, paths);
}

function lockAtlasDocument(columns: readonly AtlasColumn[], paths: readonly string[]): string {
  return pageOf({
    title: 'pauselab: the locks of kernels',
    about: `${paths.join(' · ')}, ${counted(columns.length, 'kernel')}`,
    parts: [
      { id: 'answer', title: 'What the kernels do', content: answerPart(columns) },
      { id: 'locks', title: 'The lock of each call', short: 'Locks', content: matrixPart(columns) },
      { id: 'changes', title: 'What changed from kernel to kernel', short: 'Changes', content: changesPart(columns) },
      { id: 'open', title: 'What is undecided', short: 'Undecided', content: openPart(columns) },
      { id: 'kernels', title: 'How they were examined', short: 'Kernels', content: kernelsPart(columns) },
    ],
  });
}

function answerPart(columns: readonly AtlasColumn[]): Markup {
  const rows = columns.flatMap(({ locks }) => locks);
  const undecided = rows.filter(({ lock }) => lock === 'undecided').length;
  const different = columns.filter(({ locks }) => locks.some(({ asDeclared }) => asDeclared === false));
  return html`<p class="verdict">${
    different.length === 0
      ? `No lock that was found differs from what pauselab declares for its kernel.`
      : `${listed(different.map(({ name }) => name))} ${different.length === 1 ? 'differs' : 'differ'} from what pauselab declares.`
  }${undecided === 0 ? '' : ` ${counted(undecided, 'cell')} of ${rows.length} ${undecided === 1 ? 'is' : 'are'} undecided.`}</p>
${different.map(
  (column) =>
    html`<h3>${column.name}</h3><ul>${notAsDeclared(column.locks).map((sentence) => html`<li>${sentence}</li>`)}</ul>`,
)}`;
}

const signs: Readonly<Record<Lock, SignMeaning>> = {
  'mmap_lock write': { letter: 'W', means: 'mmap_lock for write: stalls every thread', colour: 'k-write' },
  'mmap_lock read': { letter: 'R', means: 'mmap_lock for read: stalls writers', colour: 'k-read' },
  'VMA lock': { letter: 'V', means: 'the lock of its VMA', colour: 'k-vma' },
  none: { letter: '–', means: 'none', colour: 'k-none' },
  'no mmap_lock': { letter: 'N', means: 'no mmap_lock: a VMA’s lock or none', colour: 'k-other' },
  refused: { letter: 'x', means: 'the kernel refuses the call', colour: 'k-refused' },
  undecided: { letter: '?', means: 'undecided', colour: 'k-open' },
};

function matrixPart(columns: readonly AtlasColumn[]): Markup {
  const names = [...new Set(columns.flatMap(({ locks }) => locks.map(({ operation }) => operation)))];
  const ordered = operations.filter(({ name }) => names.includes(name));
  return html`${signLegend(
    Object.values(signs),
    html`<li><span class="sign k-vma odd">V≠</span> differs from the declaration</li>`,
  )}
<p class="small">Left: the range lies inside one VMA. Right: it spans two. A call without a right cell cannot span VMAs.</p>
${matrixTable({
  caption: 'The lock that a call takes, found by its behaviour',
  label: 'Locks by call and kernel',
  corner: 'call',
  columns: columns.map(({ name, release }) => ({ name, title: release })),
  rows: ordered.map(({ name, explanation }) => ({
    name,
    title: explanation,
    cells: columns.map((column) => lockRanges.map((layout) => signOf(rowOf(column, name, layout), column))),
  })),
})}`;
}

function signOf(row: LockRow | undefined, column: AtlasColumn): Sign | null {
  if (row === undefined) return null;
  const { letter, means, colour } = signs[row.lock];
  const isOdd = row.asDeclared === false;
  const title =
    `${row.operation} ${rangeInWords(row.layout)} on ${column.name}: ${means}` +
    `${row.errno === null ? '' : ` (${row.errno})`}${isOdd ? `; declared: ${row.declared}` : ''}`;
  return { text: `${letter}${isOdd ? '≠' : ''}`, colour, title, isOdd };
}

function changesPart(columns: readonly AtlasColumn[]): Markup {
  const steps = columns.slice(1).map((after, i) => ({ before: columns[i], after }));
  const changes = steps.flatMap(({ before, after }) => (before === undefined ? [] : changesBetween(before, after)));
  return changes.length === 0
    ? html`<p>No call takes another lock than on the kernel before.</p>`
    : table('From one kernel of this page to the next', ['kernels', 'call', 'range', 'before', 'after'], changes, 5);
}

const isDecided = (row: LockRow | undefined): row is LockRow => row !== undefined && row.lock !== 'undecided';

function changesBetween(before: AtlasColumn, after: AtlasColumn): string[][] {
  return after.locks.flatMap((now) => {
    const then = rowOf(before, now.operation, now.layout);
    if (!isDecided(then) || !isDecided(now) || then.lock === now.lock) return [];
    // "No mmap_lock" may be either.
    if ([then, now].some(({ lock }) => lock === 'no mmap_lock') && [then, now].every(({ lock }) => isWithout(lock)))
      return [];
    return [[`${before.name} → ${after.name}`, now.operation, rangeInWords(now.layout), then.lock, now.lock]];
  });
}

const isWithout = (lock: Lock): boolean => lock === 'no mmap_lock' || lock === 'VMA lock' || lock === 'none';

function openPart(columns: readonly AtlasColumn[]): Markup {
  const rows = columns.flatMap((column) =>
    column.locks
      .filter(({ lock }) => lock === 'undecided')
      .map(({ operation, layout, figures }) => [column.name, operation, rangeInWords(layout), figures ?? '']),
  );
  if (rows.length === 0) return html`<p>Nothing: each call has its lock.</p>`;
  return html`<p>The machine did not show which lock these calls take. <code>pauselab doctor … --out FOLDER --retry-undecided</code> tests them again.</p>${table('Undecided calls', ['kernel', 'call', 'range', 'what was seen'], rows, 4)}`;
}

function kernelsPart(columns: readonly AtlasColumn[]): Markup {
  const rows = columns.map(
    ({ name, release, preempt, accelerator, qemu, tool, startedAt, examinations_n, imageSha256 }) => [
      name,
      release,
      preempt ?? 'its own',
      accelerator === 'kvm' ? 'KVM' : 'emulated (TCG)',
      qemu,
      tool.version,
      startedAt.replace(/\.\d+Z$/, 'Z'),
      String(examinations_n),
      imageSha256.slice(0, 12),
    ],
  );
  const head = ['kernel', 'release', 'preempt', 'CPU', 'QEMU', 'pauselab', 'examined', 'times', 'image'];
  const unfit = columns.filter(({ fit }) => !fit);
  return html`${table('Each kernel, in a guest', head, rows)}${unfit.map(
    ({ name, unfit: why }) => html`<p>${name} has no locks, because its guest is unfit: ${why.join('; ')}.</p>`,
  )}`;
}

function rowOf({ locks }: AtlasColumn, operation: string, layout: LockRangeName): LockRow | undefined {
  return locks.find((row) => row.operation === operation && row.layout === layout);
}
