/**
 * Files of schema version 1 as those of version 2, before they are checked. Version 1 (pauselab up to November 2026) had
 * sentences where version 2 has codes with figures. Only the sentences are there to be had: their code is
 * `unclassified`, but where version 1 kept a kind beside them, or where something is decided by it. This is the one
 * place that reads sentences, and it reads those of version 1 alone.
 */
import { unclassified, type Stated } from '../facts/stated.js';
import type { bundleSchemas } from './bundle-schema.js';
import { schemaVersion } from './version.js';

type Tree = Readonly<Record<string, unknown>>;

/** What is no file of version 1 comes back as it is, for the schema to refuse. */
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
    // Of a merged bundle: the manifests as they were, of one version.
    origins: trees(tree.origins, (origin) => ({
      ...origin,
      manifest: inside(origin.manifest, (own) => upgraded('manifest', own) as Tree),
    })),
  };
}

const said = (sentence: string): Stated => ({ code: unclassified, sentence });

/** What a JVM says of itself hides no event, and a give-back without a length is no pause (src/record/jvm-log.ts). */
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

/** What is no list of texts stays what it is, and is refused by the schema. */
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
