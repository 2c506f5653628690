/** How two kernels relate: their differences, and whether both come from one tree. */
import type { KernelRecord } from '../../bundle/bundle-schema.js';
import { statedDifference } from '../../words/kernel-words.js';
import { readConfig } from './config-file.js';
import { wasCarried } from './image-file.js';
import { kernelDifferences } from './kernel-differences.js';
import type { KernelFacts } from './kernel-facts.js';
import type { KernelImage } from './kernel.js';
import { treeRelation, type TreeSide } from './one-tree.js';

export interface KnownKernel {
  readonly kernel: KernelImage;
  readonly facts: KernelFacts;
}

export function relationOf(first: KnownKernel, second: KnownKernel): Pick<KernelRecord, 'differences' | 'oneTree'> {
  const relation = treeRelation(side(first, second), side(second, first));
  return {
    differences: [
      ...kernelDifferences(first.facts, second.facts),
      ...(relation?.kind === 'other options' ? [statedDifference({ fact: 'options', options: relation.options })] : []),
    ],
    oneTree:
      relation?.kind === 'one tree'
        ? { version: relation.version, options_n: relation.options_n, sameCompiler: relation.sameCompiler }
        : null,
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
