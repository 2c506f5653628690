/** How two kernels relate: their differences, and whether both come from one tree. */
import type { KernelRecord } from '../../bundle/bundle-schema.js';
import { readConfig } from './config-file.js';
import { wasCarried } from './image-file.js';
import { differences } from './kernel-differences.js';
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
      ...differences(first.facts, second.facts).map(({ fact, sentence }) => ({ fact, sentence })),
      ...(relation?.kind === 'other options'
        ? [
            {
              fact: 'options',
              sentence:
                `options: ${relation.options.length} of the configuration ` +
                `${relation.options.length === 1 ? 'differs' : 'differ'} (${someOf(relation.options)}), ` +
                'so that more than a patch may explain a difference',
            },
          ]
        : []),
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

const mostNamed = 6;

function someOf(names: readonly string[]): string {
  return [...names.slice(0, mostNamed), ...(names.length > mostNamed ? ['…'] : [])].join(', ');
}
