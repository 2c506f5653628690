/** The stacks of programs with their names, among the evidence of an observation. Pure. */
import { grouped } from '../../base/group.js';
import type { UserStackSeen } from '../../attribution/evidence.js';
import type { ObservationGap } from '../../facts/observation-facts.js';
import type { WatchResult } from '../tier.js';
import { namedStack, type ProcessCode } from './user-code.js';
import type { RawUserStack, UserStackReading } from './user-stacks.js';

export interface StackNames {
  /** Of each process that has a stack. */
  readonly codes: ReadonlyMap<number, ProcessCode>;
  /** C++ names as in the source, by those of the linker. */
  readonly demangled: (names: readonly string[]) => ReadonlyMap<string, string>;
}

export function withUserStacks(
  seen: WatchResult,
  stacks: readonly UserStackReading<RawUserStack>[],
  { codes, demangled }: StackNames,
): WatchResult {
  const { evidence } = seen;
  const knownOf = new Map<number, Map<RawUserStack['frames'], UserStackSeen['stack']>>();
  const userStacks = stacks.flatMap(({ pid, tid, start_ns, end_ns, stack }): UserStackSeen[] => {
    const code = codes.get(pid);
    if (code === undefined) return [];
    // Equal stacks share their frames, also those of processes that were forked.
    const known = knownOf.get(pid) ?? new Map<RawUserStack['frames'], UserStackSeen['stack']>();
    knownOf.set(pid, known);
    const named = known.get(stack.frames) ?? namedStack(stack, code);
    known.set(stack.frames, named);
    return [{ tid, start_ns, end_ns, stack: { ...named, moment: stack.moment } }];
  });
  const names = demangled(userStacks.flatMap(({ stack }) => stack.frames.flatMap(({ function: name }) => name ?? [])));
  return {
    ...seen,
    evidence: {
      ...evidence,
      trace:
        evidence.trace === null
          ? null
          : { ...evidence.trace, userStacks: userStacks.map((one) => ({ ...one, stack: inSource(one.stack, names) })) },
    },
    gaps: [...seen.gaps, ...gapsOf(userStacks, codes)],
  };
}

function inSource(stack: UserStackSeen['stack'], names: ReadonlyMap<string, string>): UserStackSeen['stack'] {
  const frames = stack.frames.map((frame) =>
    frame.function === null ? frame : { ...frame, function: names.get(frame.function) ?? frame.function },
  );
  return { ...stack, frames };
}

function gapsOf(stacks: readonly UserStackSeen[], codes: ReadonlyMap<number, ProcessCode>): ObservationGap[] {
  const cut_n = stacks.filter(({ stack }) => stack.isCut).length;
  const hidden = [...grouped([...codes], ([, { hidden: why }]) => why)].flatMap(([why, processes]) => {
    const [[pid] = [null]] = processes;
    return why === null || pid === null
      ? []
      : [{ code: 'user-names-hidden', pid, processes_n: processes.length, why } as const];
  });
  const refused = [...codes].flatMap(([pid, code]) =>
    code.hidden !== null || code.refusedMap === null
      ? []
      : [{ code: 'jit-map-refused', pid, why: code.refusedMap } as const],
  );
  return [
    ...(cut_n === 0 ? [] : [{ code: 'user-stacks-cut', cut_n, stacks_n: stacks.length } as const]),
    ...hidden,
    ...refused,
  ];
}
