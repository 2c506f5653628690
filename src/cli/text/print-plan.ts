/** Prints what --dry-run shows of one side. */
import type { GuestOptions } from '../../experiment/place/places.js';
import type { PlannedSide } from '../../jobs/plan.js';
import { printJson, printText } from './output.js';
import { progressOnStderr } from './progress-on-stderr.js';

export interface PlanForm {
  readonly guest: GuestOptions;
  readonly keepSecrets: boolean;
  readonly json: boolean;
}

export async function printPlan(side: PlannedSide, form: PlanForm): Promise<void> {
  const [{ planOfSide }, { describePlan }, { note }] = await Promise.all([
    import('../../jobs/dry-run-plan.js'),
    import('./dry-run.js'),
    progressOnStderr(),
  ]);
  const plan = await planOfSide(side, { ...form, note });
  if (form.json) printJson(plan);
  else printText(describePlan(plan));
}
