/** `pauselab completion bash|zsh|fish`: prints a completion script, made from the commands. */
import { Argument, Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { quotedWord } from '../../base/text/shell-word.js';
import { printDocument } from '../text/output.js';

const shells = ['bash', 'zsh', 'fish'] as const;

/** A command for completion: the words that can follow it. */
interface Completed {
  /** Such as `run` or `profile show`; empty for pauselab itself. */
  readonly words: string;
  readonly options: readonly {
    readonly flag: string;
    readonly description: string;
    readonly values: readonly string[];
  }[];
  readonly next: readonly { readonly word: string; readonly description: string }[];
  /** Whether it takes a profile: a shipped name or a file. */
  readonly takesProfile: boolean;
}

export function completionCommand(program: () => CommandUnknownOpts) {
  return new Command('completion')
    .description('print the completion script of a shell')
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .addHelpText('after', examples)
    .action(async (shell) => {
      const { shippedNames } = await import('../../profile/written/catalogue.js');
      const commands = completedCommands(program());
      const write = { bash: bashScript, zsh: zshScript, fish: fishScript }[shell];
      printDocument(write(commands, await shippedNames()));
    });
}

const examples = `
Examples:
  $ pauselab completion bash     for ~/.bashrc: eval "$(pauselab completion bash)"
  $ pauselab completion zsh      for ~/.zshrc, after compinit: eval "$(pauselab completion zsh)"
  $ pauselab completion fish     for ~/.config/fish/config.fish: pauselab completion fish | source`;

export function completedCommands(program: CommandUnknownOpts, words: readonly string[] = []): Completed[] {
  const help = program.createHelp();
  const own: Completed = {
    words: words.join(' '),
    options: [...help.visibleOptions(program), ...help.visibleGlobalOptions(program)].flatMap(
      ({ long, description, argChoices = [] }) =>
        long === undefined ? [] : [{ flag: long, description, values: argChoices }],
    ),
    next: [
      ...program.commands.map((command) => ({ word: command.name(), description: command.description() })),
      ...program.registeredArguments.flatMap(({ argChoices = [] }) =>
        argChoices.map((word) => ({ word, description: '' })),
      ),
    ],
    takesProfile:
      program.registeredArguments.some((argument) => ['profile', 'file'].includes(argument.name())) ||
      program.options.some(({ flags }) => flags.includes('<profile>')),
  };
  return [own, ...program.commands.flatMap((command) => completedCommands(command, [...words, command.name()]))];
}

function wordsAfter({ next, takesProfile, options }: Completed, profiles: readonly string[]): string {
  return [
    ...next.map(({ word }) => word),
    ...(takesProfile ? profiles : []),
    ...options.flatMap(({ flag, values }) => [flag, ...values]),
  ].join(' ');
}

/** The longest typed command decides. Files are offered where no other word fits. */
function bashScript(commands: readonly Completed[], profiles: readonly string[]): string {
  return `_pauselab() {
  local cur=\${COMP_WORDS[COMP_CWORD]} typed= word words=
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$typed$word" in
${cases(
  commands.filter(({ words }) => words !== ''),
  ({ words }) => `      ${quotedWord(words)}) typed="$typed$word " ;;`,
)}
    esac
  done
  case "$typed" in
${cases(commands, (command) => `    ${quotedWord(command.words === '' ? '' : `${command.words} `)}) words=${quotedWord(wordsAfter(command, profiles))} ;;`)}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _pauselab pauselab
`;
}

/** zsh reads the bash script through its compatibility layer. */
function zshScript(commands: readonly Completed[], profiles: readonly string[]): string {
  return `autoload -Uz bashcompinit && bashcompinit\n${bashScript(commands, profiles)}`;
}

function fishScript(commands: readonly Completed[], profiles: readonly string[]): string {
  const lines = commands.flatMap(({ words, options, next, takesProfile }) => {
    const seen = words.split(' ').filter((word) => word !== '');
    const conditions = [
      ...seen.map((word) => `__fish_seen_subcommand_from ${word}`),
      ...(next.length > 0 ? [`not __fish_seen_subcommand_from ${next.map(({ word }) => word).join(' ')}`] : []),
    ];
    const when = conditions.length === 0 ? '' : ` -n ${quotedWord(conditions.join('; and '))}`;
    return [
      ...next.map(
        ({ word, description }) =>
          `complete -c pauselab -f${when} -a ${quotedWord(word)} -d ${quotedWord(description)}`,
      ),
      ...(takesProfile ? [`complete -c pauselab${when} -a ${quotedWord(profiles.join(' '))}`] : []),
      ...options.map(
        ({ flag, description, values }) =>
          `complete -c pauselab${when} -l ${flag.replace(/^--/, '')}${values.length === 0 ? '' : ` -xa ${quotedWord(values.join(' '))}`} -d ${quotedWord(description)}`,
      ),
    ];
  });
  return `${lines.join('\n')}\n`;
}

function cases<T>(items: readonly T[], line: (item: T) => string): string {
  return items.map(line).join('\n');
}
