/** `pauselab doctor`, read as its JSON. */
import { expect } from 'vitest';
import type { Examination } from '../../src/doctor/examine.js';
import { pauselab } from './pauselab.js';

export async function examined(
  wrapper: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Examination & { code: number | null }> {
  const ended = await pauselab(['doctor', '--json'], { wrapper, env });
  expect(ended, ended.stderr).toMatchObject({ signal: null, sentences: [] });
  return { ...(JSON.parse(ended.stdout) as Examination), code: ended.code };
}
