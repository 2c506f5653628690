import { expect, test } from 'vitest';
import { kernelWork } from '../../src/catalogue/calls.js';
import { operationNamed } from '../../src/catalogue/operations.js';
import { holderThatMakes, victimThatMakes } from '../../src/catalogue/repeating.js';

test('an operation that repeats a call has the locks of that call', async () => {
  const { locksOfCall } = await import('../../src/catalogue/calls.js');
  const pairs = kernelWork.flatMap((call) =>
    [holderThatMakes(call, false), holderThatMakes(call, true), victimThatMakes(call)].flatMap((name) =>
      name === null ? [] : [[call, name] as const],
    ),
  );
  expect(pairs.length).toBeGreaterThan(30);
  const unlike = pairs.filter(([call, name]) => {
    const oneVma = (locks: ReturnType<typeof locksOfCall>): unknown => locks?.map((range) => range.oneVma);
    return JSON.stringify(oneVma(locksOfCall(call))) !== JSON.stringify(oneVma(operationNamed(name).locks));
  });
  expect(unlike).toEqual([]);
});
