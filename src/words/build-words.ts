/** Phrases for what a kernel was built from (src/facts/build-record.ts). */
import type { AppliedChange, BuildRecord, SourceIdentity } from '../facts/build-record.js';
import { listed } from './text.js';

/** The sources by name and version. */
export function sourceText(source: SourceIdentity): string {
  switch (source.kind) {
    case 'deb':
      return `${source.package} ${source.version}`;
    case 'tarball':
      return source.name;
    case 'folder': {
      const { path, commit } = source;
      return commit === null
        ? path
        : `${path} at ${commit.slice(0, 12)}${commit.endsWith('+') ? ' with local changes' : ''}`;
    }
  }
}

export function changeName({ name, isReverted }: Pick<AppliedChange, 'name' | 'isReverted'>): string {
  return isReverted ? `the reverted ${name}` : name;
}

/** `linux-source-7.3 7.3.4-1~bpo13+1 with madvise-under-mmap-lock` */
export function buildText({ source, changes }: Pick<BuildRecord, 'source' | 'changes'>): string {
  const applied = changes.length === 0 ? 'without changes' : `with ${listed(changes.map(changeName))}`;
  return `${sourceText(source)} ${applied}`;
}
