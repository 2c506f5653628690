/** How two kernels relate: their differences, and whether both come from one tree. */
import type { KernelRecord } from '../../bundle/bundle-schema.js';
import type { BuildRecord } from '../../facts/build-record.js';
import { sourceText } from '../../words/build-words.js';
import { statedDifference } from '../../words/kernel-words.js';
import { builtRelation } from './built-relation.js';
import { readConfig } from './config-file.js';
import { wasCarried } from './image-file.js';
import { kernelDifferences } from './kernel-differences.js';
import type { KernelFacts } from './kernel-facts.js';
import type { KernelImage } from './kernel.js';
import { differingOptions, treeRelation, type TreeSide } from './one-tree.js';

export interface KnownKernel {
  readonly kernel: KernelImage;
  readonly facts: KernelFacts;
}

export function relationOf(first: KnownKernel, second: KnownKernel): Pick<KernelRecord, 'differences' | 'oneTree'> {
  if (first.kernel.origin.kind === 'built' && second.kernel.origin.kind === 'built')
    return relationOfBuilds(first, first.kernel.origin, second, second.kernel.origin);
  const relation = treeRelation(side(first, second), side(second, first));
  return {
    differences: [
      ...kernelDifferences(first.facts, second.facts),
      ...(relation?.kind === 'other options' ? [statedDifference({ fact: 'options', options: relation.options })] : []),
    ],
    oneTree:
      relation?.kind === 'one tree'
        ? { version: relation.version, options_n: relation.options_n, sameCompiler: relation.sameCompiler, built: null }
        : null,
  };
}

function relationOfBuilds(
  first: KnownKernel,
  of: BuildRecord,
  second: KnownKernel,
  other: BuildRecord,
): Pick<KernelRecord, 'differences' | 'oneTree'> {
  const [config, otherConfig] = [first, second].map(({ kernel }) =>
    kernel.config === null ? '' : readConfig(kernel.config),
  );
  const options = differingOptions(config ?? '', otherConfig ?? '');
  const relation = builtRelation(of, other, config ?? '');
  return {
    differences: [
      ...kernelDifferences(first.facts, second.facts),
      ...(of.source.sha256 === other.source.sha256
        ? []
        : [statedDifference({ fact: 'sources', a: sourceText(of.source), b: sourceText(other.source) })]),
      // With the same options asked for, other options come from the changes.
      ...(options.length > 0 && relation === null ? [statedDifference({ fact: 'options', options })] : []),
    ],
    oneTree: relation,
  };
}

function side({ kernel }: KnownKernel, other: KnownKernel): TreeSide {
  const { config } = kernel;
  return {
    kernel,
    config: config === null ? null : readConfig(config),
    configIsOwn: config !== null && (config !== other.kernel.config || wasCarried(config)),
  };
}
