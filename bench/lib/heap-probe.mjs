// Loaded into the command line by `--import`. Once a second it logs the heap in use and the buffers outside it.
import { appendFileSync } from 'node:fs';

const file = process.env.PAUSELAB_BENCH_HEAP;

setInterval(() => {
  const { heapUsed, external } = process.memoryUsage();
  appendFileSync(file, `${JSON.stringify({ at_ms: Date.now(), used_bytes: heapUsed + external })}\n`);
}, 1000).unref();
