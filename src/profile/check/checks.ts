/** Checks beyond the schema: whether the settings of a profile fit together, arm by arm. Each error names a remedy. */
import { didYouMean } from '../../base/text/near-miss.js';
import { isHost, kernelProblem } from './asked-kernel.js';
import { jdkProblem } from './asked-jdk.js';
import { checkArm } from './check-arm.js';
import { foreignControl, idleControl } from '../resolved/expand.js';
import type { Problem } from '../written/problem.js';
import type { Profile } from '../written/profile-schema.js';
import { settingsOf } from '../resolved/settings.js';
import { find, placeOf, shownPath, type Path, type Tree } from '../written/tree.js';

export function checkProfile(profile: Profile, tree: Tree): Problem[] {
  const problems: Problem[] = [];
  const report = (path: Path, text: string) =>
    problems.push({ at: placeOf(tree, path), path: shownPath(tree, path), text });
  const arms = profile.arms ?? [];
  if (arms.length === 0) report(['arms'], 'expected a list of at least one arm, got nothing');

  const names = arms.map((arm) => arm.name);
  for (const [index, name] of names.entries()) {
    if (name === idleControl || name === foreignControl) {
      report(['arms', index, 'name'], `${name} is a control that every experiment has; choose another name`);
    } else if (names.indexOf(name) < index) {
      report(['arms', index, 'name'], `another arm is named ${name}; choose another name`);
    }
  }
  const copied = profile.controls?.of;
  if (copied !== undefined && !names.includes(copied)) {
    report(
      ['controls', 'of'],
      `expected the name of an arm, got ${copied}${didYouMean(copied, names) || `; the arms are ${names.join(', ')}`}`,
    );
  }
  for (const [index, { arm }] of (profile.expects ?? []).entries()) {
    if (!names.includes(arm))
      report(
        ['expects', index, 'arm'],
        `expected the name of an arm, got ${arm}${didYouMean(arm, names) || `; the arms are ${names.join(', ')}`}`,
      );
  }
  checkKernels(profile, report);
  checkJdks(profile, report);
  for (const [index, arm] of arms.entries()) {
    checkArm(profile, settingsOf(profile, arm), (path, text) => report(pathInArm(tree, index, path), text));
  }
  return problems;
}

/** Checks of the arms against guests are in check-jvm.ts. */
function checkKernels(
  { kernels = [], preempt = [], features = [] }: Profile,
  report: (path: Path, text: string) => void,
): void {
  const problem = kernelProblem(kernels);
  if (problem !== null) report(['kernels', problem.index], problem.text);
  const twice = preempt.findIndex((one, index) => preempt.indexOf(one) < index);
  if (twice >= 0)
    report(
      ['preempt', twice],
      `${String(preempt[twice])} is listed twice; list each model once, and use \`runs\` for repetitions`,
    );
  const again = features.findIndex((one, index) => features.indexOf(one) < index);
  if (again >= 0)
    report(
      ['features', again],
      `${String(features[again])} is listed twice; list each feature once, and use \`runs\` for repetitions`,
    );
  if (preempt.length > 0 && kernels.every(isHost))
    report(
      ['preempt'],
      'this applies to guests, not to the running kernel of this machine; name a kernel in `kernels`',
    );
}

function checkJdks({ jdks, jvm, arms = [] }: Profile, report: (path: Path, text: string) => void): void {
  if (jdks === undefined) return;
  const problem = jdkProblem(jdks);
  if (problem !== null) report(['jdks', problem.index], problem.text);
  if (jvm === undefined && arms.every((arm) => arm.jvm === undefined))
    report(['jdks'], 'this applies to arms with a JVM, and the profile has none; leave it out');
  const both = 'expected no JDK here, because `jdks` (--jdk) names the JDKs of all arms; leave one of the two out';
  if (jvm?.java !== undefined) report(['jvm', 'java'], both);
  for (const [index, arm] of arms.entries())
    if (arm.jvm?.java !== undefined) report(['arms', index, 'jvm', 'java'], both);
}

/** Where a setting of an arm was written: in the arm, or in the profile. A missing setting is reported at the arm. */
function pathInArm(tree: Tree, index: number, path: Path): Path {
  const own: Path = ['arms', index, ...path];
  return find(tree, own) === undefined && find(tree, path) !== undefined ? path : own;
}
