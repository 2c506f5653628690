import { parseArgs } from 'node:util';

const known = ['a', 'b', 'c', 'd', 'e', 'f'];

/** The options, or a sentence that says what is wrong with them. */
export function parseBenchArguments(argv) {
  const usage = 'expected: npm run bench -- [a] [b] [c] [d] [e] [f] [--json] [--save] [--quick]';
  try {
    const flag = { type: 'boolean', default: false };
    const { values, positionals } = parseArgs({
      args: argv,
      allowPositionals: true,
      options: { json: flag, save: flag, quick: flag },
    });
    const unknown = positionals.find((key) => !known.includes(key));
    if (unknown !== undefined) return `There is no benchmark "${unknown}"; ${usage}`;
    return { keys: positionals.length === 0 ? known : positionals, ...values };
  } catch (error) {
    return `${error.message.split('. ')[0]}; ${usage}`;
  }
}
