/**
 * How long fuzz tests search, and from where. In every test run the same few inputs; `npm run fuzz` and `PAUSELAB_FUZZ=200`
 * multiply their number and start elsewhere, and PAUSELAB_FUZZ_SEED repeats such a run.
 */
const times = numberIn('PAUSELAB_FUZZ') ?? 1;
const seed = numberIn('PAUSELAB_FUZZ_SEED') ?? (times === 1 ? 20_251_126 : Date.now() % 2 ** 31);
if (times !== 1) console.log(`fuzzing ${times} times as long as in npm test; PAUSELAB_FUZZ=${times} PAUSELAB_FUZZ_SEED=${seed} repeats it`);

/** `runs`: in an ordinary run of the tests. */
export function fuzzing(runs: number): { numRuns: number; seed: number } {
  return { numRuns: runs * times, seed };
}

export const fuzzTimeout_ms = 120_000 * times;

function numberIn(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,9}$/.test(text) || Number(text) === 0) throw new Error(`${name}=${text}: expected a whole number above 0`);
  return Number(text);
}
