/** Writes YAML with comments: at the head, and above keys. */
import { Document, isMap, isScalar, isSeq, type Node } from 'yaml';

export interface KeyComment {
  /** Keys, and numbers of items, that lead to it. */
  readonly path: readonly (string | number)[];
  readonly text: string;
}

const widest = 110;

/** `head`: a line or more each. */
export function commentedYaml(
  value: unknown,
  { head, comments }: { readonly head: readonly string[]; readonly comments: readonly KeyComment[] },
): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  for (const { path, text } of comments) comment(document, path, text);
  flowSmall(document.contents, 0);
  document.commentBefore = head.map((text) => wrapped(text, 0)).join('\n');
  const text = document.toString({ lineWidth: 0, blockQuote: 'literal' });
  return text.endsWith('\n') ? text : `${text}\n`;
}

/** A mapping that fits into a line, such as a victim, is written in one, unless it has comments. */
function flowSmall(node: Node | null, depth: number): void {
  if (isMap(node)) {
    if (depth > 1 && node.items.every(({ key, value }) => isScalar(value) && !hasComment(key))) node.flow = true;
    else for (const { value } of node.items) flowSmall(value as Node | null, depth + 1);
  } else if (isSeq(node)) {
    if (node.items.every((item) => isScalar(item))) node.flow = true;
    else for (const item of node.items) flowSmall(item as Node | null, depth + 1);
  }
}

function hasComment(node: unknown): boolean {
  return isScalar(node) && typeof node.commentBefore === 'string';
}

function comment(document: Document, path: readonly (string | number)[], text: string): void {
  const parent = document.getIn(path.slice(0, -1), true);
  const last = path.at(-1);
  const shown = wrapped(text, path.length);
  if (isSeq(parent) && typeof last === 'number') {
    const item = parent.items[last] as Node | undefined;
    if (item !== undefined) item.commentBefore = below(item, shown);
  } else if (isMap(parent)) {
    const key = parent.items.find((pair) => isScalar(pair.key) && pair.key.value === last)?.key;
    if (isScalar(key)) key.commentBefore = below(key, shown);
  }
}

function below({ commentBefore }: Node, text: string): string {
  return typeof commentBefore === 'string' ? `${commentBefore}\n${text}` : text;
}

/** Each line begins with a blank, which follows the `#`. */
function wrapped(text: string, depth: number): string {
  const lines = [''];
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && line.length + word.length > widest - 2 * depth) lines.push(` ${word}`);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines.join('\n');
}
