/** How two kernels that pauselab built relate. Their sources, changes, options and compiler are known. Pure. */
import type { AppliedChange, BuildRecord } from '../../facts/build-record.js';
import { changeName, sourceText } from '../../words/build-words.js';
import { configOptions } from '../../host/kernel-config.js';

export interface BuiltRelation {
  readonly version: string;
  /** Options of the first kernel's configuration that are set. */
  readonly options_n: number;
  readonly sameCompiler: boolean;
  readonly built: {
    /** The sources by name and version. */
    readonly source: string;
    /** Changes that only one of the two has. */
    readonly onlyFirst: readonly string[];
    readonly onlyThis: readonly string[];
  };
}

/** Null: they differ in more than changes and compiler, or in nothing that is known. */
export function builtRelation(
  first: BuildRecord,
  other: BuildRecord,
  firstConfig: string | null,
): BuiltRelation | null {
  if (first.source.sha256 !== other.source.sha256 || first.options !== other.options) return null;
  const onlyFirst = lacking(first.changes, other.changes);
  const onlyThis = lacking(other.changes, first.changes);
  if (onlyFirst.length === 0 && onlyThis.length === 0) return null;
  return {
    version: first.version,
    options_n: configOptions(firstConfig ?? '').size,
    sameCompiler: first.compiler === other.compiler,
    built: {
      source: sourceText(first.source),
      onlyFirst: onlyFirst.map(changeName),
      onlyThis: onlyThis.map(changeName),
    },
  };
}

function lacking(all: readonly AppliedChange[], others: readonly AppliedChange[]): AppliedChange[] {
  const idOf = ({ sha256, isReverted }: AppliedChange): string => `${sha256} ${String(isReverted)}`;
  const there = new Set(others.map(idOf));
  return all.filter((change) => !there.has(idOf(change)));
}
