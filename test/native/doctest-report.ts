/** What a program of doctest writes with `--reporters=xml`. A crash may have cut it off. */

export interface ReportedCase {
  readonly name: string;
  /** False: a check failed, or the program ended inside this case. In a list of cases: false. */
  readonly hasPassed: boolean;
  /** The failed checks with the values that were compared, and messages. */
  readonly details: string;
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', amp: '&', apos: "'" };

export function reportedCases(report: string): ReportedCase[] {
  return report
    .split(/<TestCase(?= )/)
    .slice(1)
    .map((text) => {
      // Names may hold a `>`.
      const head = /^(?: \w+="[^"]*")*/.exec(text)?.[0] ?? '';
      const body = text.slice(head.length).split('</TestCase>')[0] ?? '';
      return {
        name: unescaped(/^ name="([^"]*)"/.exec(head)?.[1] ?? ''),
        hasPassed: /<OverallResultsAsserts [^>]*test_case_success="true"/.test(body),
        details: unescaped(body.replace(/<OverallResultsAsserts [^>]*>/, '').replace(/^\/?>\s*/, '')),
      };
    });
}

function unescaped(text: string): string {
  return text.replace(/&(\w+);/g, (whole, name: string) => entities[name] ?? whole);
}
