/** Finds functions, and the cases of a switch, in C sources, by their structure and not by their lines. Pure. */

export interface TextSpan {
  readonly start: number;
  readonly end: number;
}

/** The text with comments and strings blanked out, at the same offsets. */
export function codeOnly(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, (found) =>
    found.replace(/[^\n]/g, ' '),
  );
}

export interface FunctionPlace {
  /** From the beginning of its first line. */
  readonly start: number;
  /** Between its braces. */
  readonly body: TextSpan;
}

/** Definitions of this name, in order: `#ifdef` and `#else` may both have one. */
export function functionsNamed(text: string, name: string): FunctionPlace[] {
  const code = codeOnly(text);
  return [...code.matchAll(new RegExp(`^[A-Za-z_][^;{}()#]*\\b${name}\\s*\\(`, 'gm'))].flatMap((found) => {
    const afterList = closing(code, found.index + found[0].length - 1);
    const opening = afterList === null ? null : /^\s*\{/.exec(code.slice(afterList));
    if (afterList === null || opening === null) return [];
    const brace = afterList + opening[0].length - 1;
    const end = closing(code, brace);
    return end === null ? [] : [{ start: found.index, body: { start: brace + 1, end: end - 1 } }];
  });
}

const pairs: Readonly<Record<string, string>> = { '(': ')', '{': '}' };

/** The offset behind the bracket that closes the bracket at `at`. */
function closing(code: string, at: number): number | null {
  const open = code[at] ?? '';
  let depth = 0;
  for (let i = at; i < code.length; i += 1) {
    if (code[i] === open) depth += 1;
    else if (code[i] === pairs[open] && --depth === 0) return i + 1;
  }
  return null;
}

/** Labels that share a statement. Offsets are those of the whole text. */
export interface CaseGroup {
  readonly labels: readonly (TextSpan & { readonly name: string })[];
  /** The statements behind the labels, up to the next label or the end of the switch. */
  readonly rest: TextSpan;
  /** What it returns, if a single `return NAME;` is all it does. */
  readonly returns: string | null;
}

/** The groups of cases in a function that has a single switch without nested blocks. */
export function caseGroups(text: string, { body }: FunctionPlace): CaseGroup[] {
  const code = codeOnly(text);
  // A line each, so that a label that moves takes its line with it.
  const labels = [...code.slice(body.start, body.end).matchAll(/^[ \t]*(?:case\s+(\w+)|default)\s*:[ \t]*\n?/gm)].map(
    (found) => ({
      name: found[1] ?? 'default',
      start: body.start + found.index,
      end: body.start + found.index + found[0].length,
    }),
  );
  const groups: { labels: CaseGroup['labels'][number][]; rest: TextSpan; returns: string | null }[] = [];
  for (const [i, label] of labels.entries()) {
    const next = labels[i + 1]?.start ?? switchEnd(code, label.end, body.end);
    const between = code.slice(label.end, next);
    const last = groups.at(-1);
    const continues = last !== undefined && last.rest.start === last.rest.end;
    if (continues) last.labels.push(label);
    else groups.push({ labels: [label], rest: { start: label.end, end: label.end }, returns: null });
    const own = groups.at(-1);
    if (own === undefined || between.trim() === '') continue;
    own.rest = { start: label.end, end: next };
    own.returns = /^\s*return\s+(\w+)\s*;\s*$/.exec(between)?.[1] ?? null;
  }
  return groups;
}

function switchEnd(code: string, from: number, to: number): number {
  const brace = code.indexOf('}', from);
  if (brace < 0 || brace > to) return to;
  return code.lastIndexOf('\n', brace) + 1;
}

export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
