/** What src/profile says of the operations, and what the engine that makes them says. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { operations, ridingHolders, type Operation } from '../../src/profile/operations.js';
import { programs } from '../../src/workload/programs.js';

interface Printed {
  readonly victims: readonly { name: string; lockClass: string }[];
  readonly holders: readonly { name: string; lockClass: string; anywhere: boolean }[];
}

const printed = JSON.parse(execFileSync(programs.engine(), ['operations'], { encoding: 'utf8' })) as Printed;

test.each([
  ['victim', printed.victims],
  ['holder', printed.holders],
] as const)('the engine has every operation of a %s, and of the same lock class', (kind, ofEngine) => {
  const line = ({ name, lockClass }: Pick<Operation, 'name' | 'lockClass'> | Printed['victims'][number]): string =>
    `${name}: ${lockClass}`;
  expect(
    operations
      .filter((operation) => operation.kind === kind)
      .map(line)
      .sort(),
  ).toEqual(ofEngine.map(line).sort());
});

test('the holders that may be inside a program of the user’s own are the same', () => {
  expect([...ridingHolders].sort()).toEqual(
    printed.holders
      .filter(({ anywhere }) => anywhere)
      .map(({ name }) => name)
      .sort(),
  );
});
