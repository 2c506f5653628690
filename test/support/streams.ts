/** What a command wrote to stderr: its log, and the sentences that are meant for the user. */
export interface StderrLines {
  /** Texts of the log lines. */
  readonly logs: readonly string[];
  /** Everything else, by line. */
  readonly sentences: readonly string[];
}

export function linesOf(stderr: string): StderrLines {
  const lines = stderr.split('\n').filter((line) => line !== '');
  const isLog = (line: string): boolean => line.startsWith('{"level":') && line.endsWith('}');
  return {
    logs: lines.filter(isLog).map((line) => (JSON.parse(line) as { msg: string }).msg),
    sentences: lines.filter((line) => !isLog(line)),
  };
}
