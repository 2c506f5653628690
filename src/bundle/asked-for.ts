/** The options of the experiment of a bundle, beside its profile and its order. */
import { usage } from '../base/failure.js';
import { parseDuration, parseSize, type Parsed } from '../base/text/units.js';
import type { AskedFor, ManifestFile } from './bundle-schema.js';

/** Defaults of the versions that recorded only `argv`. They do not follow the defaults of the options. */
const defaults = { cpus: '2', memory: '2GiB', bootDeadline: '2m' } as const;

export function askedFor({ asked, argv }: Pick<ManifestFile, 'asked' | 'argv'>): AskedFor {
  return asked ?? askedByArguments(argv);
}

/** Bundles of versions without `asked` have the options only in their arguments. */
function askedByArguments(argv: readonly string[]): AskedFor {
  const valuesOf = (option: string): string[] =>
    argv.flatMap((word, at) =>
      word === option ? (argv[at + 1] ?? []) : word.startsWith(`${option}=`) ? word.slice(option.length + 1) : [],
    );
  const read = (option: string, fallback: string, parse: (text: string) => Parsed): number => {
    const text = valuesOf(option).at(-1) ?? fallback;
    const parsed = parse(text);
    if (!parsed.ok) throw usage(`the bundle was made with ${option} ${text}: expected ${parsed.expected}`);
    return parsed.value;
  };
  const [, series = '', n = ''] = /^(.+)=(\d+)$/.exec(valuesOf('--until-n').at(-1) ?? '') ?? [];
  return {
    allowDegraded: argv.includes('--allow-degraded'),
    trace: argv.includes('--trace'),
    untilN: series === '' ? null : { series, n: Number(n) },
    failIf: valuesOf('--fail-if'),
    keepSecrets: argv.includes('--keep-secrets'),
    guest: {
      cpus: read('--guest-cpus', defaults.cpus, parseCpus),
      memoryBytes: read('--guest-memory', defaults.memory, parseMemory),
      append: valuesOf('--append').flatMap((words) => words.split(/\s+/).filter((word) => word !== '')),
      bootDeadline_ns: read('--boot-deadline', defaults.bootDeadline, parseDuration),
    },
  };
}

function parseCpus(text: string): Parsed {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  return value >= 1 && value <= 64 ? { ok: true, value } : { ok: false, expected: 'a whole number from 1 to 64' };
}

function parseMemory(text: string): Parsed {
  const parsed = parseSize(text);
  return parsed.ok && parsed.value < 2 ** 20 ? { ok: false, expected: 'a size such as 2GiB' } : parsed;
}
