/** Parses YAML text to a tree with places. */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
  type YAMLError,
} from 'yaml';
import { describe, invalid, type Problem } from './problem.js';
import { toPlain, type Entry, type Path, type TextPlace, type Tree } from './tree.js';

/** Throws a usage failure that lists errors of YAML, and data that a profile cannot hold. */
export function readYaml(text: string, source: string): Tree {
  const lines = new LineCounter();
  return read(text, lines, (offset) => {
    const { line, col } = lines.linePos(offset);
    return `${source}:${line || 1}:${col || 1}`;
  });
}

/** The value of an option as plain data. An option has no lines, so its name is the place of every error. */
export function readYamlValue(text: string, source: TextPlace): unknown {
  return toPlain(read(text, new LineCounter(), () => source));
}

type PlaceAt = (offset: number) => TextPlace;

function read(text: string, lineCounter: LineCounter, placeAt: PlaceAt): Tree {
  if (isDeep(text)) throw invalid([{ at: placeAt(0), path: [], text: tooDeep }]);
  // convert() reports duplicate keys, because it knows their path.
  const document = parsed(text, lineCounter);
  if (document === null) throw invalid([{ at: placeAt(0), path: [], text: tooDeep }]);
  const problems = [...document.errors, ...document.warnings].map((error): Problem => ({
    at: placeAt(error.pos[0]),
    path: [],
    text: inOurWords(error),
  }));
  if (problems.length > 0) throw invalid(problems);
  const tree = convert(document, placeAt, problems);
  if (problems.length > 0) throw invalid(problems);
  return tree;
}

/** Null for text that overflows the stack although `isDeep` accepted it. */
function parsed(text: string, lineCounter: LineCounter): Document | null {
  try {
    return parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: false });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/**
 * The library parses by recursion, and text that is nested ten thousand deep can end the process. So an upper bound of the
 * depth is checked first: the open brackets, and the indentation and the indicators of a line, as in `a: b: c: ...`.
 * Characters in quotes and comments count too, because no profile has hundreds of them in a line.
 */
function isDeep(text: string): boolean {
  let open = 0;
  for (const character of text) {
    if (character === '[' || character === '{') open += 1;
    else if (character === ']' || character === '}') open = Math.max(0, open - 1);
    if (open > mostOpen) return true;
  }
  return text
    .split('\n')
    .some((line) => indentationOf(line) > 2 * mostOpen || (line.match(/[:?-](?=\s|$)/g)?.length ?? 0) > mostOpen);
}

const indentationOf = (line: string): number => /^[\s?:-]*/.exec(line)?.[0].length ?? 0;

// Aliases are followed, and a few lines with aliases of aliases can name a billion values.
const mostValues = 20_000;
/** Deepest nesting of a profile, and longest path in it. */
export const mostDepth = 32;
/** Far more than a profile needs, and far less than a stack holds. */
const mostOpen = 300;
const tooDeep = `expected at most ${mostValues} values, nested at most ${mostDepth} deep; each alias counts as all its values`;

function convert(document: Document, placeAt: PlaceAt, problems: Problem[]): Tree {
  let values = 0;
  let tooMuch = false;
  return treeOf(document.contents, []);

  function treeOf(node: unknown, path: Path): Tree {
    const at = placeOfNode(node);
    values += 1;
    if (!tooMuch && (values > mostValues || path.length > mostDepth)) {
      tooMuch = true;
      problems.push({ at, path: [], text: tooDeep });
    }
    if (tooMuch) return { kind: 'scalar', at, value: null };
    if (isAlias(node)) {
      const target = node.resolve(document);
      if (target !== undefined) return treeOf(target, path);
      const text = `the alias *${node.source} has no anchor &${node.source} before it`;
      problems.push({ at, path, text });
    }
    if (isSeq(node))
      return {
        kind: 'list',
        at,
        items: node.items.map((item, index) => treeOf(item, [...path, index])),
      };
    if (isMap(node)) return { kind: 'mapping', at, entries: entriesOf(node.items, path) };
    return { kind: 'scalar', at, value: isScalar(node) ? node.value : null };
  }

  function entriesOf(pairs: readonly { key: unknown; value: unknown }[], path: Path): Map<string, Entry> {
    const entries = new Map<string, Entry>();
    for (const { key: keyNode, value: valueNode } of pairs) {
      const keyAt = placeOfNode(keyNode);
      const key = isScalar(keyNode) ? keyNode.value : {};
      if (typeof key !== 'string') {
        problems.push({
          at: keyAt,
          path,
          text: `expected a word as key, got ${describe(key)}`,
        });
      } else if (entries.has(key)) {
        problems.push({
          at: keyAt,
          path: [...path, key],
          text: 'the key is written twice; remove one of them',
        });
      } else {
        const value = treeOf(valueNode, [...path, key]);
        // A key without a value has no node for the value, so the place is that of the key.
        entries.set(key, { keyAt, value: valueNode === null ? { ...value, at: keyAt } : value });
      }
    }
    return entries;
  }

  function placeOfNode(node: unknown): TextPlace {
    return placeAt((node as Node | null)?.range?.[0] ?? 0);
  }
}

function inOurWords({ code, message }: YAMLError): string {
  if (code === 'MULTIPLE_DOCS') return 'expected one YAML document, got a second one; remove this line';
  // The parser's stack overflow is not an error of YAML.
  if (/call stack/i.test(message)) return `expected values nested at most ${mostDepth} deep`;
  return `not valid YAML: ${message.slice(0, 1).toLowerCase()}${message.slice(1)}`;
}
