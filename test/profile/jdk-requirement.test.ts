import { expect, test } from 'vitest';
import { ExitCode } from '../../src/base/failure.js';
import { parseJdkRequirement } from '../../src/profile/check/jdk-requirement.js';

const accepted = (text: string): number[] => [8, 16, 17, 18, 21, 22, 25].filter(parseJdkRequirement(text).accepts);

test.each([
  ['17', [17]],
  ['=17', [17]],
  ['>=17', [17, 18, 21, 22, 25]],
  ['>17', [18, 21, 22, 25]],
  ['<17', [8, 16]],
  ['<=17', [8, 16, 17]],
  ['>=17 <22', [17, 18, 21]],
  [' >=17  <=21 ', [17, 18, 21]],
])('"%s" accepts %j', (text, features) => {
  expect(accepted(text)).toEqual(features);
});

test.each(['', '17+', '>= 17', '17.0.1', 'latest', '~17', '>=17 and'])('"%s" is refused', (text) => {
  expect(() => parseJdkRequirement(text)).toThrow(
    expect.objectContaining({
      exitCode: ExitCode.usage,
      message: expect.stringContaining('expected JDK versions such as "17", ">=17" or ">=17 <22", got "') as string,
    }),
  );
});
