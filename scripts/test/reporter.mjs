import { writeFileSync } from 'node:fs';

/**
 * Writes how many tests vitest ran into the file that PAUSELAB_TALLY names: `{passed, failed, skipped[]}`. vitest's
 * JSON report has neither the reasons given to `skip()` nor errors outside of tests.
 */
export default class TallyReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const tally = { passed: 0, failed: unhandledErrors.length, skipped: [] };
    for (const module of modules) {
      // If a file or a hook fails, its tests do not run. They count as one failure.
      const suites = [module, ...module.children.allSuites()];
      tally.failed += suites.filter((suite) => suite.errors().length > 0).length;
      for (const test of module.children.allTests()) {
        const { state, note } = test.result();
        if (state === 'passed') tally.passed += 1;
        else if (state === 'failed') tally.failed += 1;
        else tally.skipped.push(`${test.fullName}: ${note ?? 'no reason given'}`);
      }
    }
    writeFileSync(process.env.PAUSELAB_TALLY, JSON.stringify(tally));
  }
}
