/**
 * Finds secrets in texts and command lines: by the name before a value, by the place in a URL, or by the shape of
 * well-known tokens. Everything that looks like a secret is replaced. A value without any of these signs is
 * indistinguishable from other text.
 */

export const redaction = '<redacted>';

/** `DB_PASSWORD`, `-Djavax.net.ssl.keyStorePassword`, `--api-key`, `db.pwd`. PWD alone is the working directory. */
export function isSecretName(name: string): boolean {
  return /pass|token|secret|key|credential/i.test(name) || /[._-]pwd$/i.test(name);
}

/** An option of pauselab, not the name of a secret. */
const keepSecrets = '--keep-secrets';

/** Most texts contain none of these; the patterns below are then skipped. */
const sign =
  /pass|token|secret|key|credential|pwd|:\/\/|jdbc:oracle|bearer|basic|\b(?:AKIA|ASIA|gh[a-z]_|github_pat_|glpat-|xox[a-z]-|eyJ|sk-)/i;

/** Each pattern starts where a name starts, so that matching takes linear time. */
const value = String.raw`("(?:\\.|[^"\\])*"|'[^']*'|(?:\\.|[^\s&;,"'\\]|,(?!\s|$|[\w.-]{1,100}=))+)`;
const named = String.raw`(?<![\w.-])(?=[\w.-]*(?:pass|token|secret|key|credential|pwd))`;
const assignment = new RegExp(String.raw`${named}([\w.-]+)=${value}`, 'gi');
const option = new RegExp(String.raw`${named}(--?[A-Za-z][\w.-]*)(\s+)(?!-)${value}`, 'gi');
/** In JSON, and in YAML's flow mappings. */
const pair = new RegExp(
  String.raw`([{,]\s{0,20}|")${named}([\w.-]+)("?\s{0,20}:\s{0,20})${value.replace(';,', ';,}')}`,
  'gi',
);
const inUrl = /((?<![a-z0-9+.-])[a-z][a-z0-9+.-]*:\/\/[^\s/@:"']*:)[^\s/@"']+@/gi;
const userOfUrl = /(https?:\/\/)[^\s/@:"']{16,}@/gi;
const oracle = /(jdbc:oracle:\w{1,20}:[^\s/@:]{1,200}\/)[^\s/@]{1,200}@/gi;
const authorization = /\b(bearer|basic)(\s+)[A-Za-z0-9._~+/=-]{8,}/gi;
const privateKey = /(-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----)[\s\S]*?(-----END|$)/g;
/** AWS, GitHub, GitLab, Slack, OpenAI and the like, JSON Web Tokens. */
const tokens =
  /\b(?:(?:AKIA|ASIA)[0-9A-Z]{16}|gh[a-z]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}|xox[a-z]-[\w-]{10,}|sk-[\w-]{20,}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*)/g;

/** For a text, such as a sentence, a log or several words of a command line. */
export function redacted(text: string): string {
  if (!sign.test(text)) return text;
  return text
    .replace(privateKey, `$1${redaction}$2`)
    .replace(inUrl, `$1${redaction}@`)
    .replace(userOfUrl, `$1${redaction}@`)
    .replace(oracle, `$1${redaction}@`)
    .replace(authorization, `$1$2${redaction}`)
    .replace(tokens, redaction)
    .replace(assignment, (all, name: string) => (isSecretName(name) ? `${name}=${redaction}` : all))
    .replace(option, (all, name: string, blanks: string) =>
      isSecretOption(name) ? `${name}${blanks}${redaction}` : all,
    )
    .replace(pair, (all, before: string, name: string, colon: string) =>
      isSecretName(name) ? `${before}${name}${colon}"${redaction}"` : all,
    );
}

/** For the words of pauselab's command line; the value of --java-args is a text with words of its own. */
export function redactedArguments(words: readonly string[]): string[] {
  return words.map((word, i) =>
    ['--java-args', '--base-java-args'].includes(words[i - 1] ?? '')
      ? redacted(word)
      : (redactedWords(words.slice(Math.max(0, i - 1), i + 1)).at(-1) ?? ''),
  );
}

/** For the words of a command line: a name may be one word and its value the next. */
export function redactedWords(words: readonly string[]): string[] {
  return words.map((word, i) => {
    if (isValueOf(words[i - 1], word)) return redaction;
    const assigned = assignedIn(word);
    return assigned === null ? redacted(word) : `${assigned.name}=${redaction}`;
  });
}

export function redactedEnvironment(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, found]) => [name, isSecretName(name) ? redaction : redacted(found)]),
  );
}

/** The values that follow a secret's name, so that they can be found elsewhere. */
export function secretsIn(words: readonly string[], environment: Readonly<Record<string, string>>): string[] {
  const ofWords = words.flatMap((word, i) =>
    isValueOf(words[i - 1], word) ? [word] : [assignedIn(word)?.value ?? ''],
  );
  const ofEnvironment = Object.entries(environment).flatMap(([name, found]) => (isSecretName(name) ? [found] : []));
  return [...ofWords, ...ofEnvironment].filter((found) => found !== '' && found !== redaction);
}

/** What redaction removed from these words, by the names before it. */
export function redactedNames(words: readonly string[]): string[] {
  return words.flatMap((word, i) => {
    if (!word.includes(redaction)) return [];
    return [
      word === redaction ? `the word after ${words[i - 1] ?? 'the beginning'}` : (/([\w.-]+)=/.exec(word)?.[1] ?? word),
    ];
  });
}

function isSecretOption(word: string): boolean {
  return /^--?[A-Za-z][\w.-]*$/.test(word) && word !== keepSecrets && isSecretName(word);
}

function isValueOf(before: string | undefined, word: string): boolean {
  return before !== undefined && isSecretOption(before) && !word.startsWith('-');
}

/** `-Ddb.password=x`: everything after the sign is the value. A path before the name is not part of the name. */
function assignedIn(word: string): { readonly name: string; readonly value: string } | null {
  const [, name = '', found = ''] = /^([^=\s"']+)=([\s\S]+)$/.exec(word) ?? [];
  return found !== '' && isSecretName(/[\w.-]*$/.exec(name)?.[0] ?? '') ? { name, value: found } : null;
}
