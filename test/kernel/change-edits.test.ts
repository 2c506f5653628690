import { describe, expect, test } from 'vitest';
import { kernelChanges, type KernelChangeName } from '../../src/catalogue/kernel-changes.js';
import { caseGroups, functionsNamed } from '../../src/kernel/build/c-text.js';
import { editedText, shippedChange } from '../../src/kernel/build/change-edits.js';
import { featuresSource, madviseSource } from '../support/kernel-tree.js';

function edit(name: KernelChangeName, text: string): string {
  const change = shippedChange(name);
  if (change === undefined) throw new Error(name);
  return editedText(change, text, 'Linux 7.3.4');
}

/** Advices by what the function returns for them. */
function locks(text: string): Record<string, string[]> {
  const [place] = functionsNamed(text, 'get_lock_mode');
  if (place === undefined) throw new Error('no function');
  return Object.fromEntries(
    caseGroups(text, place).map(({ labels, returns }) => [returns ?? '', labels.map(({ name }) => name)]),
  );
}

describe('madvise and guards', () => {
  test('the cases of DONTNEED and FREE move to those under mmap_lock, and nothing else does', () => {
    expect(locks(edit('madvise-under-mmap-lock', madviseSource))).toEqual({
      MADVISE_MMAP_READ_LOCK: ['MADV_COLD', 'MADV_COLLAPSE', 'MADV_DONTNEED', 'MADV_DONTNEED_LOCKED', 'MADV_FREE'],
      MADVISE_VMA_READ_LOCK: ['MADV_GUARD_INSTALL', 'MADV_GUARD_REMOVE'],
      MADVISE_MMAP_WRITE_LOCK: ['default'],
    });
  });

  test('with both changes no case is left under the lock of a VMA', () => {
    const both = edit('guard-under-mmap-lock', edit('madvise-under-mmap-lock', madviseSource));
    expect(Object.keys(locks(both))).toEqual(['MADVISE_MMAP_READ_LOCK', 'MADVISE_MMAP_WRITE_LOCK']);
    expect(both).not.toContain('return MADVISE_VMA_READ_LOCK');
  });

  test('what is outside the function stays', () => {
    const [head = ''] = madviseSource.split('static enum');
    expect(edit('madvise-under-mmap-lock', madviseSource).startsWith(head)).toBe(true);
  });

  test.each([
    [
      'a kernel that has the change already',
      edit('madvise-under-mmap-lock', madviseSource),
      /at mm\/madvise\.c:7: expected MADV_DONTNEED among the cases in get_lock_mode\(\) that return MADVISE_VMA_READ_LOCK, found it among those that return MADVISE_MMAP_READ_LOCK; this change is for Linux 6\.17 and newer$/,
    ],
    [
      'a kernel without the function',
      'int x;\n',
      /does not apply to Linux 7\.3\.4 at mm\/madvise\.c: expected one function get_lock_mode\(\), found none/,
    ],
    [
      'a kernel without the case',
      madviseSource.replace('	case MADV_FREE:\n', ''),
      /expected MADV_FREE among .*, found no such case/,
    ],
  ])('%s is refused, with file and place', (_, text, says) => {
    expect(() => edit('madvise-under-mmap-lock', text)).toThrow(says);
  });
});

describe('HRTICK', () => {
  test('its default becomes false wherever it is defined, and other features stay', () => {
    expect(edit('hrtick-off', featuresSource)).toBe(featuresSource.replace('HRTICK, true', 'HRTICK, false'));
  });

  test('a kernel where it is on already is not changed', () => {
    expect(() => edit('hrtick-on', featuresSource)).toThrow(
      /features\.h:2: expected HRTICK to be off by default, found that it is on already/,
    );
    expect(edit('hrtick-on', 'SCHED_FEAT(HRTICK, false)\n')).toBe('SCHED_FEAT(HRTICK, true)\n');
  });
});

describe('smaps', () => {
  const source = `static inline int lock_ctx_mm(struct ctx *lock_ctx)
{
	return take(lock_ctx);
}

static void reset_lock_ctx(struct ctx *lock_ctx)
{
}

static inline bool lock_vma_range(struct seq_file *m,
				  struct ctx *lock_ctx)
{
	rcu_read_lock();
	return true;
}

static int show_smap(struct seq_file *m, void *v)
{
	return 0;
}
`;

  test('smaps takes mmap_lock before any VMA is locked, and only smaps', () => {
    const changed = edit('smaps-under-mmap-lock', source);
    const [place] = functionsNamed(changed, 'lock_vma_range');
    const body = changed.slice(place?.body.start, place?.body.end);
    expect(body).toMatch(
      /if \(m->op->show == show_smap\) \{\s+reset_lock_ctx\(lock_ctx\);\s+return lock_ctx_mm\(lock_ctx\) == 0;\s+\}\s+#endif\s+rcu_read_lock\(\);/,
    );
    // A function is declared before it is used, and defined once.
    expect(changed.indexOf('static int show_smap(struct seq_file *m, void *v);')).toBeLessThan(place?.start ?? 0);
    expect(functionsNamed(changed, 'show_smap')).toHaveLength(1);
  });

  test('a kernel whose smaps takes mmap_lock is not changed', () => {
    const older = source.replace('	rcu_read_lock();', '	if (m->op != &maps)\n		return 0;\n	rcu_read_lock();');
    expect(() => edit('smaps-under-mmap-lock', older)).toThrow(/lock_vma_range\(\) to treat smaps as it treats maps/);
  });
});

test('every change has a name that cannot be mistaken for a file, and says its versions', () => {
  for (const { name, versions } of kernelChanges) {
    expect(name).toMatch(/^[a-z][a-z-]+$/);
    expect(versions).toMatch(/^Linux /);
  }
});
