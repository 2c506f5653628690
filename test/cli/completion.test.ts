import { execFileSync } from 'node:child_process';
import { expect, test, vi } from 'vitest';
import { runCommandLine } from '../../src/cli/program.js';

async function script(shell: string): Promise<string> {
  let text = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  try {
    expect(await runCommandLine(['node', 'pauselab', 'completion', shell])).toBe(0);
  } finally {
    write.mockRestore();
  }
  return text;
}

/** What bash would offer after these words. */
async function offered(...words: string[]): Promise<string[]> {
  const line = ['pauselab', ...words];
  const ask = `${await script('bash')}\nCOMP_WORDS=(${line.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${line.length - 1}; _pauselab; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', ask], { encoding: 'utf8' }).trim().split('\n');
}

test('bash offers commands, subcommands, profiles and options', async () => {
  expect(await offered('')).toEqual(expect.arrayContaining(['run', 'profile', 'doctor', 'completion']));
  expect(await offered('ru')).toEqual(['run']);
  expect(await offered('baseline', '')).toEqual(expect.arrayContaining(['save', 'list', 'show', 'rm']));
  expect(await offered('gate', '--print')).toEqual(['--print-policy']);
  expect(await offered('gate', '--run', 'conv')).toEqual(['convoy']);
  expect(await offered('export', 'x', '--format', 'open')).toEqual(['openmetrics']);
  expect(await offered('run', 'conv')).toEqual(['convoy']);
  expect(await offered('run', 'convoy', '--fail')).toEqual(['--fail-if']);
  expect(await offered('profile', 'sh')).toEqual(['show']);
  expect(await offered('profile', 'show', 'priority')).toEqual(['priority-inversion']);
  expect(await offered('completion', 'f')).toEqual(['fish']);
  expect(await offered('kernels', 'f')).toEqual(['fetch']);
  expect(await offered('kernels', 'list', '--a')).toEqual(['--available']);
});

test('zsh takes the script of bash by its compatibility layer', async () => {
  expect(await script('zsh')).toContain('bashcompinit');
  expect(await script('zsh')).toContain(await script('bash'));
});

test('fish has a line for each command and option', async () => {
  const text = await script('fish');
  expect(text).toMatch(/^complete -c pauselab -f -n 'not __fish_seen_subcommand_from [^']*' -a 'run' -d /m);
  expect(text).toMatch(/^complete -c pauselab -n '__fish_seen_subcommand_from run' -l fail-if -d /m);
});
