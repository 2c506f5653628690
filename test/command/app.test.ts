/**
 * A program of the user's own by the command, on the newest JDK of this machine. The others, what it meets, and what is
 * left of it, are in test/long/app.test.ts.
 */
import { test } from 'vitest';
import { expectServerMeasured } from '../support/app-run.js';
import { testJdks } from '../support/java.js';
import { expectNothingLeft } from '../support/pauselab.js';

const [newest] = await testJdks();

test('a server is measured once it says that it is ready, where it was started, without what is ours, and ended by SIGTERM', async () => {
  await expectServerMeasured(newest?.java ?? '');
});

expectNothingLeft();
