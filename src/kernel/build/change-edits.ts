/**
 * The edits of the changes that pauselab ships (src/catalogue/kernel-changes.ts). Each edit works by structure: it finds
 * a function or a definition, checks what is there, changes it, and checks the result. So it fits all versions that have
 * this structure, and contains no line of the kernel.
 */
import { usage } from '../../base/failure.js';
import { kernelChanges, type KernelChange, type KernelChangeName } from '../../catalogue/kernel-changes.js';
import { caseGroups, functionsNamed, lineOf, type CaseGroup } from './c-text.js';

/** Thrown by an edit: what was expected at a place of the file, and what was found. */
class Mismatch extends Error {
  constructor(
    readonly line: number | null,
    expected: string,
    found: string,
  ) {
    super(`expected ${expected}, found ${found}`);
  }
}

const lockModes = { vma: 'MADVISE_VMA_READ_LOCK', mmap: 'MADVISE_MMAP_READ_LOCK' } as const;

/** The changed text of the file; throws a Mismatch. */
const edits: Readonly<Record<KernelChangeName, (text: string) => string>> = {
  // Linux 6.17 gave these advices the lock of one VMA. The function that names the lock of each advice is changed, so
  // that they take mmap_lock for read again; the code that then walks the VMAs serves both locks.
  'madvise-under-mmap-lock': (text) => underMmapLock(text, ['MADV_DONTNEED', 'MADV_DONTNEED_LOCKED', 'MADV_FREE']),
  // The same for the advices that Linux 6.19 changed.
  'guard-under-mmap-lock': (text) => underMmapLock(text, ['MADV_GUARD_INSTALL', 'MADV_GUARD_REMOVE']),
  // Since Linux 7.2 a reader of smaps locks VMA by VMA, and falls back to mmap_lock if it cannot. The start of the walk
  // is changed to take what the fallback takes, for smaps only: maps and numa_maps stay as they are.
  'smaps-under-mmap-lock': smapsUnderMmapLock,
  // Linux 7.1 switched this scheduler feature on: a timer ends a slice on time, and preemption no longer waits for the
  // next tick. Only its default is changed.
  'hrtick-off': (text) => featureDefault(text, 'HRTICK', false),
  'hrtick-on': (text) => featureDefault(text, 'HRTICK', true),
};

/** Moves the cases of these advices from those that lock a VMA to those that lock mmap_lock. */
function underMmapLock(text: string, advices: readonly string[]): string {
  const name = 'get_lock_mode';
  const [place, ...others] = functionsNamed(text, name);
  if (place === undefined || others.length > 0)
    throw new Mismatch(null, `one function ${name}()`, place === undefined ? 'none' : `${others.length + 1}`);
  const line = lineOf(text, place.start);
  const returning = (groups: readonly CaseGroup[], lock: string): CaseGroup => {
    const group = groups.find(({ returns }) => returns === lock);
    if (group === undefined) throw new Mismatch(line, `cases in ${name}() that return ${lock}`, 'none');
    return group;
  };
  const groups = caseGroups(text, place);
  const [from, to] = [returning(groups, lockModes.vma), returning(groups, lockModes.mmap)];
  for (const advice of advices)
    if (!from.labels.some((label) => label.name === advice)) {
      const at = groups.find(({ labels }) => labels.some((label) => label.name === advice));
      throw new Mismatch(
        line,
        `${advice} among the cases in ${name}() that return ${lockModes.vma}`,
        at === undefined ? 'no such case' : `it among those that return ${at.returns ?? 'something else'}`,
      );
    }
  const moved = from.labels.filter((label) => advices.includes(label.name));
  const isEmptied = moved.length === from.labels.length;
  const lines = moved.map(({ start, end }) => text.slice(start, end)).join('');
  // From the end to the beginning, so that the offsets before stay right.
  const cuts = [...moved, ...(isEmptied ? [from.rest] : [])].map((span) => ({ ...span, put: '' }));
  const changed = [...cuts, { start: to.rest.start, end: to.rest.start, put: lines }]
    .sort((a, b) => b.start - a.start)
    .reduce((whole, { start, end, put }) => whole.slice(0, start) + put + whole.slice(end), text);
  const after = functionsNamed(changed, name).flatMap((found) => caseGroups(changed, found));
  const now = returning(after, lockModes.mmap).labels.map((label) => label.name);
  const wanted = [...to.labels, ...moved].map((label) => label.name);
  const rest = after.filter(({ returns }) => returns === lockModes.vma).flatMap(({ labels }) => labels);
  if (wanted.some((one) => !now.includes(one)) || rest.some((label) => advices.includes(label.name)))
    throw new Mismatch(line, `${wanted.join(', ')} to return ${lockModes.mmap} after the change`, now.join(', '));
  return changed;
}

function smapsUnderMmapLock(text: string): string {
  const [name, locks, shows] = ['lock_vma_range', 'lock_ctx_mm', 'show_smap'];
  const [place] = functionsNamed(text, name);
  if (place === undefined) throw new Mismatch(null, `a function ${name}()`, 'none');
  const line = lineOf(text, place.start);
  const code = text.slice(place.body.start, place.body.end);
  if (!/\brcu_read_lock\(\)/.test(code)) throw new Mismatch(line, `${name}() to lock VMA by VMA`, 'that it does not');
  if (/->op\b/.test(code))
    throw new Mismatch(line, `${name}() to treat smaps as it treats maps`, 'that it distinguishes them already');
  const [reset] = functionsNamed(text, 'reset_lock_ctx');
  const helper = functionsNamed(text, locks).find(({ start }) => start < place.start);
  const shown = functionsNamed(text, shows);
  if (reset === undefined || helper === undefined || shown.length !== 1)
    throw new Mismatch(line, `the functions reset_lock_ctx(), ${locks}() and ${shows}()`, 'not all of them');
  const guarded = (code: string): string => `#ifdef CONFIG_PROC_PAGE_MONITOR\n${code}#endif\n`;
  const declaration = `${guarded(`static int ${shows}(struct seq_file *m, void *v);\n`)}\n`;
  const taken =
    '\n' +
    guarded(
      `\t/* pauselab: smaps takes mmap_lock. */\n\tif (m->op->show == ${shows}) {\n` +
        `\t\treset_lock_ctx(lock_ctx);\n\t\treturn ${locks}(lock_ctx) == 0;\n\t}\n`,
    );
  return [
    text.slice(0, place.start),
    declaration,
    text.slice(place.start, place.body.start),
    taken,
    text.slice(place.body.start),
  ].join('');
}

/** Sets the default of a scheduler feature wherever it is defined: versions of the kernel define it once or twice. */
function featureDefault(text: string, feature: string, value: boolean): string {
  const all = [...text.matchAll(new RegExp(`^SCHED_FEAT\\(${feature}, (true|false)\\)`, 'gm'))];
  const [first] = all;
  if (first === undefined) throw new Mismatch(null, `the scheduler feature ${feature}`, 'none');
  // A kernel that defines it twice, by configuration, already has the value where it counts.
  const differs = value ? all.every((found) => found[1] === 'false') : all.some((found) => found[1] === 'true');
  if (!differs)
    throw new Mismatch(
      lineOf(text, first.index),
      `${feature} to be ${value ? 'off' : 'on'} by default`,
      `that it is ${value ? 'on' : 'off'} already`,
    );
  return text.replace(new RegExp(`^(SCHED_FEAT\\(${feature}, )(?:true|false)\\)`, 'gm'), `$1${String(value)})`);
}

export function shippedChange(name: string): KernelChange | undefined {
  return kernelChanges.find((change) => change.name === name);
}

/** The file after the change; fails with the file, the place, and the versions that the change is for. */
export function editedText(change: KernelChange, text: string, linux: string): string {
  try {
    return edits[change.name](text);
  } catch (cause) {
    if (!(cause instanceof Mismatch)) throw cause;
    const place = cause.line === null ? change.file : `${change.file}:${cause.line}`;
    throw usage(
      `${change.name} does not apply to ${linux} at ${place}: ${cause.message}; this change is for ${change.versions}`,
      { cause },
    );
  }
}
