/** What the schema cannot say: how the settings of a profile fit together, arm by arm, each with its remedy. */
import { didYouMean } from '../../base/text/near-miss.js';
import { isHost, kernelProblem } from './asked-kernel.js';
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
      report(['arms', index, 'name'], `another arm is named ${name}; names tell arms apart, choose another one`);
    }
  }
  const copied = profile.controls?.of;
  if (copied !== undefined && !names.includes(copied)) {
    report(
      ['controls', 'of'],
      `expected the name of an arm, got ${copied}${didYouMean(copied, names) || `; the arms are ${names.join(', ')}`}`,
    );
  }
  checkKernels(profile, report);
  for (const [index, arm] of arms.entries()) {
    checkArm(profile, settingsOf(profile, arm), (path, text) => report(pathInArm(tree, index, path), text));
  }
  return problems;
}

/** What each arm needs of a guest is for check-jvm.ts. */
function checkKernels({ kernels = [], preempt = [] }: Profile, report: (path: Path, text: string) => void): void {
  const problem = kernelProblem(kernels);
  if (problem !== null) report(['kernels', problem.index], problem.text);
  const twice = preempt.findIndex((one, index) => preempt.indexOf(one) < index);
  if (twice >= 0)
    report(
      ['preempt', twice],
      `${String(preempt[twice])} is there twice; each is compared once, and \`runs\` repeats all`,
    );
  if (preempt.length > 0 && kernels.every(isHost))
    report(['preempt'], 'this is for guests, and the kernel of this machine runs already; name a kernel in `kernels`');
}

/** An arm's setting was written in the arm, or else in the profile; if in neither, the arm lacks it. */
function pathInArm(tree: Tree, index: number, path: Path): Path {
  const own: Path = ['arms', index, ...path];
  return find(tree, own) === undefined && find(tree, path) !== undefined ? path : own;
}
