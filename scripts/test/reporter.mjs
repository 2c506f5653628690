import { writeFileSync } from 'node:fs';

/**
 * Counts what vitest ran, into the file named by PAUSELAB_TALLY: `{passed, failed, skipped[]}`.
 * Its own JSON report holds neither the reasons given to `skip()` nor errors outside of tests.
 */
export default class TallyReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const tally = { passed: 0, failed: unhandledErrors.length, skipped: [] };
    for (const module of modules) {
      // A file or a hook that fails takes its tests along: then they count as one failure.
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
