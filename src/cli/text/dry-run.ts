/** What --dry-run prints for people. */
import { shellWord } from '../../base/text/shell-word.js';
import { formatDuration } from '../../base/text/units.js';
import type { PlannedRun } from '../../experiment/plan/order.js';
import type { PlanInTurns, PlannedArm, PlanWithGuests } from '../../jobs/dry-run-plan.js';
import type { PlannedGuest } from '../../jobs/resolve-places.js';

export function describePlan({ profile, arms, order, leastDuration_ns, guests }: PlanWithGuests): string {
  return `${profile}: ${order.length} runs, at least ${formatDuration(leastDuration_ns)} in all\n\n${describeArms(arms)}\n\nOrder: ${describeOrder(order)}\n${describeGuestCommands(guests)}`;
}

/** For two sides that are measured in turns. */
export function describeInTurns({ baseline, candidate, order }: PlanInTurns): string {
  const guests = [...new Map([...baseline.guests, ...candidate.guests].map((guest) => [guest.name, guest])).values()];
  return [
    `${candidate.profile}: ${order.length} runs of two sides in turns, at least ${formatDuration(baseline.leastDuration_ns + candidate.leastDuration_ns)} in all`,
    `Baseline\n${describeArms(baseline.arms)}`,
    `Candidate\n${describeArms(candidate.arms)}`,
    `Order: ${describeOrder(order)}\n${describeGuestCommands(guests)}`,
  ].join('\n\n');
}

function describeArms(arms: readonly PlannedArm[]): string {
  const lines = arms.flatMap(({ name, title, holder, region, layout, jvm, churn, hogs, victims }) => [
    `${name}: ${title}`,
    `  holder   ${holder}`,
    ...(region === null ? [] : [`  region   ${region}`]),
    ...(layout === null ? [] : [`  layout   ${layout}`]),
    ...jvm.map((text) => `  jvm      ${text}`),
    ...churn.map((text) => `  churn    ${text}`),
    `  hogs     ${hogs}`,
    ...victims.map((victim) => `  victim   ${victim}`),
  ]);
  return lines.join('\n');
}

function describeOrder(order: readonly (PlannedRun & { readonly side?: string })[]): string {
  const several = new Set(order.map(({ kernel }) => kernel)).size > 1;
  return order
    .map(
      ({ side, arm, kernel, repetition }) =>
        `${side === undefined ? '' : `${side} `}${arm}${several ? ` on ${kernel}` : ''} (${repetition})`,
    )
    .join(', ');
}

function describeGuestCommands(guests: readonly PlannedGuest[]): string {
  return guests
    .flatMap(({ name, command, accelerator, build }) => {
      if (build !== undefined)
        return [`\nGuest ${name}:\n  builds ${build.of} first${build.isCertain ? '' : ', unless the cache has it'}\n`];
      if (command === null) return [];
      const otherwise = accelerator === 'kvm' ? ', emulated (-accel tcg) if it does not boot with KVM' : '';
      return [`\nGuest ${name}${otherwise}:\n  ${command.map(shellWord).join(' ')}\n`];
    })
    .join('');
}
