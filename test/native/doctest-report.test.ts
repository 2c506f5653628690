import { expect, test } from 'vitest';
import { reportedCases } from './doctest-report.js';

const report = `<?xml version="1.0" encoding="UTF-8"?>
<doctest binary="native-tests" version="2.4.9">
  <TestSuite>
    <TestCase name="&quot;a&quot; &lt; b > c" filename="a_test.cc" line="3">
      <OverallResultsAsserts successes="2" failures="0" test_case_success="true"/>
    </TestCase>
    <TestCase name="values are printed" filename="a_test.cc" line="9">
      <Expression success="false" type="CHECK" filename="a_test.cc" line="10">
        <Original>
          two == 3
        </Original>
        <Expanded>
          2 == 3
        </Expanded>
      </Expression>
      <OverallResultsAsserts successes="0" failures="1" test_case_success="false"/>
    </TestCase>
    <TestCase name="it crashes" filename="a_test.cc" line="12">
`;

test('a case has passed if doctest says so at its end', () => {
  expect(reportedCases(report).map(({ name, hasPassed }) => [name, hasPassed])).toEqual([
    ['"a" < b > c', true],
    ['values are printed', false],
    ['it crashes', false],
  ]);
});

test('the details of a failed case have the expression and its values', () => {
  expect(reportedCases(report)[1]?.details).toMatch(/two == 3[\s\S]*2 == 3/);
});
