import { writeFileSync } from 'node:fs';

/**
 * Writes how many tests vitest ran into the file that PAUSELAB_TALLY names: `{passed, failures[], skipped[]}`. vitest's
 * JSON report has neither the reasons given to `skip()` nor errors outside of tests.
 */
export default class TallyReporter {
  #chosenByName = false;

  onInit({ config }) {
    this.#chosenByName = config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules, unhandledErrors) {
    const tally = tallyOf(modules, unhandledErrors, this.#chosenByName);
    writeFileSync(process.env.PAUSELAB_TALLY, JSON.stringify(tally));
  }
}

/**
 * A test that was skipped without a reason counts as failed, because nobody learns what was not tested. With `-t` those
 * with another name are skipped, and are not counted.
 * @param {readonly any[]} modules
 * @param {readonly any[]} unhandledErrors
 * @param {boolean} chosenByName
 */
export function tallyOf(modules, unhandledErrors, chosenByName) {
  const tally = {
    passed: 0,
    failures: unhandledErrors.map((error) => `outside of tests: ${reasonOf([error])}`),
    skipped: [],
  };
  for (const module of modules) {
    const file = module.relativeModuleId;
    // If a file or a hook fails, its tests do not run. They count as one failure.
    const failed = [module, ...module.children.allSuites()].filter((suite) => suite.errors().length > 0);
    for (const suite of failed) tally.failures.push(`${file}: ${reasonOf(suite.errors())}`);
    for (const test of module.children.allTests()) {
      const { state, note, errors } = test.result();
      const name = `${file} > ${test.fullName}`;
      if (state === 'passed') tally.passed += 1;
      else if (state === 'failed') tally.failures.push(`${name}: ${reasonOf(errors)}`);
      else if (note !== undefined) tally.skipped.push(`${test.fullName}: ${note}`);
      else if (!chosenByName && !isBelow(test, failed)) tally.failures.push(`${name}: skipped without a reason`);
    }
  }
  return tally;
}

/** The first line of the first error. The rest is printed where it occurred, which may be thousands of lines above. */
function reasonOf(errors) {
  return String(errors[0]?.message ?? errors[0]).split('\n', 1)[0];
}

function isBelow(task, suites) {
  for (let parent = task.parent; parent !== undefined; parent = parent.parent) if (suites.includes(parent)) return true;
  return false;
}
