import { writeFileSync } from 'node:fs';

/**
 * Writes how many tests vitest ran into the file that PAUSELAB_TALLY names: `{passed, failed, skipped[]}`. vitest's
 * JSON report has neither the reasons given to `skip()` nor errors outside of tests.
 */
export default class TallyReporter {
  #chosenByName = false;

  onInit({ config }) {
    this.#chosenByName = config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules, unhandledErrors) {
    const tally = tallyOf(modules, unhandledErrors, this.#chosenByName);
    for (const name of tally.unexplained) process.stdout.write(`skipped without a reason, a failure: ${name}\n`);
    writeFileSync(process.env.PAUSELAB_TALLY, JSON.stringify(tally));
  }
}

/**
 * A test that was skipped without a reason counts as failed, because nobody learns what was not tested. With `-t` those
 * with another name are skipped, and are not counted.
 * @param {readonly any[]} modules
 * @param {readonly unknown[]} unhandledErrors
 * @param {boolean} chosenByName
 */
export function tallyOf(modules, unhandledErrors, chosenByName) {
  const tally = { passed: 0, failed: unhandledErrors.length, skipped: [], unexplained: [] };
  for (const module of modules) {
    // If a file or a hook fails, its tests do not run. They count as one failure.
    const suites = [module, ...module.children.allSuites()];
    const failed = new Set(suites.filter((suite) => suite.errors().length > 0));
    tally.failed += failed.size;
    for (const test of module.children.allTests()) {
      const { state, note } = test.result();
      if (state === 'passed') tally.passed += 1;
      else if (state === 'failed') tally.failed += 1;
      else if (note !== undefined) tally.skipped.push(`${test.fullName}: ${note}`);
      else if (!chosenByName && !isBelow(test, failed)) tally.unexplained.push(test.fullName);
    }
  }
  tally.failed += tally.unexplained.length;
  return tally;
}

function isBelow(task, suites) {
  for (let parent = task.parent; parent !== undefined; parent = parent.parent) if (suites.has(parent)) return true;
  return false;
}
