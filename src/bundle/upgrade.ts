/**
 * Upgrades files of schema version 1 to version 2, before they are checked. Version 1 (pauselab up to November 2026) had
 * sentences where version 2 has codes with figures. Upgraded sentences have the code `unclassified`, except where version
 * 1 also kept a kind, and where a decision needs the code. This is the only code that reads sentences, and only those of
 * version 1.
 */
import { unclassified, type Stated } from '../facts/stated.js';
import type { bundleSchemas } from './bundle-schema.js';
import { schemaVersion } from './version.js';

type Tree = Readonly<Record<string, unknown>>;

/** Other input is returned unchanged, and the schema refuses it. */
export function upgraded(kind: keyof typeof bundleSchemas, file: unknown): unknown {
  if (!isTree(file) || file.schemaVersion !== 1) return file;
  const tree = { ...file, schemaVersion };
  switch (kind) {
    case 'run':
      return run(tree);
    case 'summary':
      return summary(tree);
    case 'stalls':
      return stalls(tree);
    case 'manifest':
      return manifest(tree);
    // Version 1 had none.
    case 'observation':
    case 'lock-table':
      return file;
  }
}

function run({ failure, spoiled, ...rest }: Tree): Tree {
  const kinds = rest.disturbances;
  return {
    ...rest,
    failures: typeof failure === 'string' ? [said(failure)] : [],
    disturbances: each(spoiled, (sentence, i) => ({
      code: Array.isArray(kinds) && typeof kinds[i] === 'string' ? kinds[i] : unclassified,
      sentence,
    })),
    degraded: each(rest.degraded, said),
    priorities: trees(rest.priorities, withProblems),
    machine: inside(rest.machine, (machine) => ({
      ...machine,
      guest: inside(machine.guest, (guest) => ({ ...guest, failedStarts: each(guest.failedStarts, said) })),
    })),
    jvm: inside(rest.jvm, (jvm) => ({ ...jvm, ...logProblems(jvm), threads: trees(jvm.threads, withProblems) })),
    churn: inside(rest.churn, (churn) => ({ ...churn, threads: trees(churn.threads, withProblems) })),
  };
}

function summary(tree: Tree): Tree {
  return {
    ...tree,
    notes: each(tree.notes, said),
    degraded: each(tree.degraded, said),
    findings: trees(tree.findings, (finding) => ({
      code: finding.outcome,
      reason: null,
      seen: null,
      foreignStalls_n: null,
      idleStalls_n: null,
      underLoad: null,
      ...finding,
    })),
    arms: trees(tree.arms, (arm) => ({ ...arm, jvm: inside(arm.jvm, (jvm) => ({ ...jvm, ...logProblems(jvm) })) })),
  };
}

function stalls(tree: Tree): Tree {
  return {
    ...tree,
    stalls: trees(tree.stalls, (stall) => ({
      ...stall,
      evidence: inside(stall.evidence, (evidence) => ({ ...evidence, missing: each(evidence.missing, said) })),
    })),
  };
}

function manifest(tree: Tree): Tree {
  return {
    ...tree,
    kernels: trees(tree.kernels, (kernel) => ({
      ...kernel,
      guest: inside(kernel.guest, (guest) => ({ ...guest, bootFailures: each(guest.bootFailures, said) })),
    })),
    // The origins of a merged bundle keep their manifests, of the same version.
    origins: trees(tree.origins, (origin) => ({
      ...origin,
      manifest: inside(origin.manifest, (own) => upgraded('manifest', own) as Tree),
    })),
  };
}

const said = (sentence: string): Stated => ({ code: unclassified, sentence });

/** A warning of the JVM hides no event, and an uncommit without a length is no pause (src/record/jvm-log.ts). */
function logProblems({ logProblems: all }: Tree): Tree {
  return {
    logProblems: each(all, (sentence) => ({
      code: sentence.startsWith('the JVM warns:')
        ? 'jvm-warning'
        : sentence.includes('gc.uncommit')
          ? 'uncommit-without-length'
          : unclassified,
      sentence,
    })),
  };
}

const withProblems = (tree: Tree): Tree => ({ ...tree, problems: each(tree.problems, said) });

/** Other values stay unchanged, and the schema refuses them. */
function each(value: unknown, of: (sentence: string, i: number) => Stated): unknown {
  return Array.isArray(value)
    ? value.map((one: unknown, i): unknown => (typeof one === 'string' ? of(one, i) : one))
    : value;
}

function trees(value: unknown, of: (tree: Tree) => Tree): unknown {
  return Array.isArray(value) ? value.map((one: unknown): unknown => inside(one, of)) : value;
}

function inside(value: unknown, of: (tree: Tree) => Tree): unknown {
  return isTree(value) ? of(value) : value;
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
