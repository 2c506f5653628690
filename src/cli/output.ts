/** What commands write alike. */

export function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** The end of a command's help; `commands` without the program's name. */
export function examples(commands: readonly string[]): string {
  return `\nExamples:\n${commands.map((command) => `  $ pauselab ${command}\n`).join('')}`;
}
