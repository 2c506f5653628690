/**
 * Facts and words apart: no code of src reads a sentence. A sentence is a string in a property or variable of one of
 * these names; comparing, matching or cutting one is a decision by words, which the next better wording would change.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

const src = fileURLToPath(new URL('../src', import.meta.url));

const sentences = ['sentence', 'failure', 'note', 'why'];
const readers = [
  'includes',
  'startsWith',
  'endsWith',
  'match',
  'matchAll',
  'replace',
  'replaceAll',
  'search',
  'slice',
  'split',
  'substring',
  'indexOf',
  'lastIndexOf',
];

/**
 * What reads words and may: `upgrade.ts` sentences of schema version 1, which had nothing else. The others shorten or
 * join for print, and decide nothing.
 */
const allowed = [
  'bundle/upgrade.ts',
  // What stands between backquotes becomes code in HTML.
  'report/html/markup.ts',
  // The words of Node, and of zod.
  'base/system-error.ts',
  'profile/check/validate.ts',
];

test('no sentence is compared, matched or cut', () => {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const found = files
    .filter((file) => !allowed.includes(file))
    .flatMap((file) => readingsIn(readFileSync(join(src, file), 'utf8')).map((text) => `src/${file}: ${text}`));
  expect(found).toEqual([]);
});

test.each([
  ["if (error.sentence.startsWith('interrupted')) throw error;", 1],
  ['const isOld = /^the JVM/.test(sentence);', 1],
  ["if (note.sentence === 'x') return;", 1],
  ["switch (one.sentence) { case 'x': break; }", 1],
  ["if (note.code === 'few-runs') return `${note.sentence}.`;", 0],
  ['const short = error.message.slice(0, 300);', 0],
  ['const start = error.message.slice(0, 3);', 1],
  ["names.slice(0, 3).includes('x')", 0],
])('it sees %s', (code, n) => {
  expect(readingsIn(code)).toHaveLength(n);
});

function readingsIn(code: string): string[] {
  const source = ts.createSourceFile('x.ts', code, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (isReading(node)) found.push(node.getText(source).slice(0, 100));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function isReading(node: ts.Node): boolean {
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    const { expression: object, name } = node.expression;
    if (readers.includes(name.text) && isSentence(object)) return !isShortening(node);
    return ['test', 'exec'].includes(name.text) && node.arguments.some(isSentence);
  }
  if (ts.isSwitchStatement(node)) return isSentence(node.expression);
  return (
    ts.isBinaryExpression(node) &&
    [ts.SyntaxKind.EqualsEqualsEqualsToken, ts.SyntaxKind.ExclamationEqualsEqualsToken].includes(
      node.operatorToken.kind,
    ) &&
    [
      [node.left, node.right],
      [node.right, node.left],
    ].some(
      ([one, other]) =>
        one !== undefined &&
        other !== undefined &&
        isSentence(one) &&
        ts.isStringLiteralLike(other) &&
        other.text !== '',
    )
  );
}

/** `slice(0, 300)`: so that it does not fill a page. */
function isShortening({ expression, arguments: [from, to] }: ts.CallExpression): boolean {
  return (
    ts.isPropertyAccessExpression(expression) &&
    expression.name.text === 'slice' &&
    from?.getText() === '0' &&
    to !== undefined &&
    ts.isNumericLiteral(to) &&
    Number(to.text) >= 100
  );
}

/** `sentence`, `x.sentence`, `x?.message`. */
function isSentence(node: ts.Node): boolean {
  if (ts.isIdentifier(node)) return sentences.includes(node.text);
  if (ts.isNonNullExpression(node) || ts.isParenthesizedExpression(node)) return isSentence(node.expression);
  return ts.isPropertyAccessExpression(node) && ['message', ...sentences].includes(node.name.text);
}
