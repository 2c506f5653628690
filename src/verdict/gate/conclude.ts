/**
 * From all checks to the result of a gate: its conclusion, the outcome and exit code that follow, and the first line.
 */
import { ExitCode } from '../../base/failure.js';
import type { GateConclusion } from '../../facts/gate-facts.js';
import { gateVerdict } from '../../words/gate-words.js';
import { placeText } from '../evidence/side.js';
import { checkOutcomes, type Check, type CheckOutcome, type GateResult, type Suite, type Together } from './gated.js';
import { passNeeds } from './pass-needs.js';
import type { Policy } from './policy.js';

type Code = GateConclusion['code'];

const outcomes: Readonly<Record<Code, GateResult['outcome']>> = {
  'checks-failed': 'fail',
  'worse-together': 'fail',
  'inconclusive-fails': 'fail',
  'no-evidence': 'inconclusive',
  inconclusive: 'inconclusive',
  pass: 'pass',
};

const exitCodes = {
  fail: ExitCode.regression,
  inconclusive: ExitCode.inconclusive,
  pass: ExitCode.ok,
} as const satisfies Record<GateResult['outcome'], ExitCode>;

/** The outcome of the check that is quoted. */
const quoted: Readonly<Record<Code, CheckOutcome | null>> = {
  'checks-failed': 'fail',
  'worse-together': null,
  'inconclusive-fails': 'inconclusive',
  'no-evidence': 'error',
  inconclusive: 'inconclusive',
  pass: null,
};

export function concluded(suites: readonly Suite[], together: Together | null, policy: Policy): GateResult {
  const all = suites.flatMap((suite) => suite.checks.map((check) => ({ check, suite })));
  const counts = Object.fromEntries(
    checkOutcomes.map((outcome) => [outcome, all.filter(({ check }) => check.outcome === outcome).length]),
  ) as Record<CheckOutcome, number>;
  const code = codeOf(counts, together, policy);
  const first = all.find(({ check }) => check.outcome === quoted[code]);
  const open = all.flatMap(({ check: { outcome, comparison } }) =>
    outcome === 'inconclusive' && comparison !== null ? [comparison] : [],
  );
  const conclusion: GateConclusion = {
    code,
    judged_n: all.filter(({ check }) => check.kind !== 'evidence').length,
    fail_n: counts.fail,
    error_n: counts.error,
    inconclusive_n: counts.inconclusive,
    profiles_n: new Set(suites.map(({ profile }) => profile)).size,
    suites_n: suites.length,
    first: first === undefined ? null : checkNamed(first.suite.profile, first.check),
    passNeeds: code === 'inconclusive' ? passNeeds(open) : null,
  };
  const outcome = outcomes[code];
  const { source, alpha, minimumRuns, inconclusive, allowDifferent, allowSettings } = policy;
  return {
    schemaVersion: 2,
    verdict: gateVerdict(conclusion, {
      first:
        first === undefined
          ? null
          : { name: quotedName(first.check, first.suite, suites), sentence: first.check.reason.sentence },
      together: together?.sentence ?? null,
      policy: source,
    }),
    conclusion,
    outcome,
    exitCode: exitCodes[outcome],
    policy: { source, alpha, minimumRuns, inconclusive, allowDifferent, allowSettings },
    counts,
    together,
    suites,
  };
}

function codeOf(
  { fail, error, inconclusive }: Readonly<Record<CheckOutcome, number>>,
  together: Together | null,
  policy: Policy,
): Code {
  if (fail > 0) return 'checks-failed';
  if (together?.finding === 'unnamed') return 'worse-together';
  if (inconclusive > 0 && policy.inconclusive === 'fail') return 'inconclusive-fails';
  if (error > 0) return 'no-evidence';
  return inconclusive > 0 && policy.inconclusive === 'exit-4' ? 'inconclusive' : 'pass';
}

function checkNamed(profile: string, { arm, series, metric, reason }: Check): GateConclusion['first'] {
  return { profile, arm, series, metric, reason: reason.code };
}

/** Null: the sentence names what it is about. */
function quotedName(check: Check, suite: Suite, suites: readonly Suite[]): string | null {
  const profile = suites.length > 1 ? suiteName(suite, suites) : null;
  return check.kind === 'evidence' ? profile : checkName(check, profile);
}

/** A profile that is judged on several kernels is a suite on each. */
export function suiteName({ profile, candidate }: Suite, suites: readonly Suite[]): string {
  return suites.filter((suite) => suite.profile === profile).length > 1
    ? `${profile} on ${placeText(candidate.facts) ?? candidate.label}`
    : profile;
}

/** `free-one-vma, writer.mprotect, longest stall <= 50.0 ms` */
export function checkName({ arm, series, expected }: Check, profile: string | null): string {
  return [profile, arm, series, expected].filter((part) => part !== null).join(', ');
}
