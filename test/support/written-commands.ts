/** Every command line that documentation, help and pipelines show, taken from their text: no list is kept by hand. */
import { readdirSync, readFileSync } from 'node:fs';
import { commandLine } from '../../src/cli/program.js';
import { wordsOf } from '../../src/profile/check/java-command.js';
import { command } from './command.js';
import { repository } from './pauselab.js';

export interface WrittenCommand {
  /** Its page, or the command whose help shows it. */
  readonly source: string;
  /** As it stands there, without `pauselab`. */
  readonly text: string;
}

type Program = ReturnType<typeof commandLine>;

/** All commands, with what they would do taken out by the caller. */
export const program = (): Program => commandLine([], () => undefined);

const names = program().commands.map((one) => one.name());

/**
 * As a shell, YAML or Groovy would end it: a quote or bracket that was open before, a pipe, a comment, the description
 * beside an example.
 */
const start =
  /(?<=^|[\s'"(:-])(?:node )?pauselab(?:\/dist\/main\.js)? (?=(?<first>-{0,2}[a-z][a-z-]*)(?:$|[\s'"`)|>]))/g;

export function commandsIn(line: string): string[] {
  return [...line.matchAll(start)].flatMap((found) => {
    const first = found.groups?.first ?? '';
    if (!first.startsWith('-') && !names.includes(first)) return [];
    const before = line.slice(0, found.index);
    const rest = line.slice(found.index + found[0].length);
    const isQuoted = before.split("'").length % 2 === 0;
    const text = isQuoted
      ? (rest.split("'")[0] ?? '')
      : before.endsWith('$(')
        ? (rest.split(')')[0] ?? '')
        : withoutTail(rest);
    return [text.trim()];
  });
}

/** Outside of quotes: two blanks and more, a comment, a pipe, a redirection, another command. */
function withoutTail(text: string): string {
  let quote = '';
  for (let i = 0; i < text.length; i += 1) {
    const character = text[i] ?? '';
    if (quote !== '') quote = character === quote ? '' : quote;
    else if (character === "'" || character === '"') quote = character;
    else if (/^(?: {2,}| #| \||\|| >| &&|;)/.test(text.slice(i))) return text.slice(0, i);
  }
  return text;
}

/** Lines of blocks, and code inside the text. */
export function codeOf(page: string): string[] {
  const blocks = [...page.matchAll(/^```.*\n([^]*?)^```$/gm)].flatMap(([, block = '']) => block.split('\n'));
  const inline = [...page.replace(/^```[^]*?^```$/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
  return [...blocks, ...inline];
}

/** Where a command may stand in a file. */
export const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'SECURITY.md',
  'bench/README.md',
  ...readdirSync(`${repository}/docs`)
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const shipped = readdirSync(`${repository}/profiles`)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => `profiles/${name}`);

export async function writtenCommands(): Promise<WrittenCommand[]> {
  const read = (path: string): string => readFileSync(`${repository}/${path}`, 'utf8');
  const found: WrittenCommand[] = [];
  for (const page of pages)
    for (const line of codeOf(read(page))) for (const text of commandsIn(line)) found.push({ source: page, text });
  for (const file of shipped)
    for (const line of read(file).split('\n'))
      for (const text of commandsIn(line))
        found.push({ source: file, text: text.replace(/(?<=['\w])\.(?: .*)?$/, '') });
  for (const words of helped(program()))
    for (const line of (await command(...words, '--help')).stdout
      .split('\n')
      .filter((line) => !line.startsWith('Usage: ')))
      for (const text of commandsIn(line)) found.push({ source: `${['pauselab', ...words].join(' ')} --help`, text });
  return found.filter(
    (one, i) => found.findIndex(({ source, text }) => source === one.source && text === one.text) === i,
  );
}

/** The words of every command. */
function helped(one: Program, words: readonly string[] = []): string[][] {
  return [[...words], ...one.commands.flatMap((sub) => helped(sub as Program, [...words, sub.name()]))];
}

/** What a reader puts in, as something that is there in the folder of the test. */
const placeholders: Readonly<Record<string, string>> = {
  PROFILE: 'convoy',
  NAME: 'g1-uncommit',
  BUNDLE: 'results/before',
  'BUNDLE…': 'results/before',
  FILE: 'file.html',
  A: 'results/before',
  B: 'results/after',
  C: 'results/both',
  N: '1',
  'path=value': 'runs=2',
  '…': 'results/before',
};

export function argumentsOf(text: string): string[] {
  const words = wordsOf(text);
  if (words === null) throw new Error(`a quote is not closed in: ${text}`);
  return words.map((word) => placeholders[word] ?? word.replace(/^~(?=\/)/, process.env.HOME ?? '~'));
}
