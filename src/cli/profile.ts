/** `pauselab profile`: what profiles there are, what they say, and whether one's own is right. */
import { Command } from '@commander-js/extra-typings';

// What reads profiles is loaded by the actions, so that `--help` needs neither zod nor yaml.

const yamlStyle = { aliasDuplicateObjects: false, blockQuote: 'literal', lineWidth: 0 } as const;

export function profileCommand() {
  return new Command('profile')
    .description('list, show and check profiles')
    .addHelpText(
      'after',
      examples(['profile list', 'profile show priority-inversion', 'profile check ./mine.yaml']),
    )
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(checkCommand());
}

function listCommand() {
  return new Command('list')
    .description('name the profiles that ship with pauselab')
    .option('--json', 'write one JSON document')
    .addHelpText('after', examples(['profile list', 'profile list --json']))
    .action(async ({ json }) => {
      const { catalogue } = await import('../profile/load.js');
      const profiles = await catalogue();
      const width = Math.max(...profiles.map(({ name }) => name.length));
      write(
        json
          ? toJson({ profiles })
          : profiles.map(({ name, title }) => `${name.padEnd(width)}  ${title}\n`).join(''),
      );
    });
}

function showCommand() {
  return new Command('show')
    .description('print a profile, with its comments')
    .argument('<profile>', 'a name from `profile list`, or a file')
    .option('--resolved', 'print what is run: inheritance, defaults, arms and controls in full')
    .option('--json', 'write one JSON document')
    .addHelpText(
      'after',
      examples(['profile show priority-inversion', 'profile show ./mine.yaml --resolved']),
    )
    .action(async (nameOrPath, { resolved, json }) => {
      const { loadProfile, loadResolved, loadTree, profileFile } =
        await import('../profile/load.js');
      if (resolved) {
        const profile = await loadResolved(nameOrPath);
        write(json ? toJson(profile) : (await import('yaml')).stringify(profile, yamlStyle));
        return;
      }
      await loadProfile(nameOrPath); // what is shown is right
      if (json) {
        const { toPlain } = await import('../profile/tree.js');
        write(toJson(toPlain(await loadTree(nameOrPath))));
      } else {
        const { readFile } = await import('node:fs/promises');
        write(await readFile(await profileFile(nameOrPath), 'utf8'));
      }
    });
}

function checkCommand() {
  return new Command('check')
    .description('check a profile and name everything that is wrong with it')
    .argument('<file>', 'a YAML file, or a name from `profile list`')
    .addHelpText('after', examples(['profile check ./mine.yaml']))
    .action(async (nameOrPath) => {
      const { loadResolved } = await import('../profile/load.js');
      const { name, arms } = await loadResolved(nameOrPath);
      write(
        `${nameOrPath}: the profile ${name} is valid; its arms are ${arms.map((arm) => arm.name).join(', ')}\n`,
      );
    });
}

function examples(commands: readonly string[]): string {
  return `\nExamples:\n${commands.map((command) => `  $ pauselab ${command}\n`).join('')}`;
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function write(text: string): void {
  process.stdout.write(text);
}
