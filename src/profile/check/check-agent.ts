/** The checks of an agent: a command of the user's beside a native arm. */
import type { ArmSettings } from '../resolved/settings.js';
import type { Report } from './check-series.js';

/** What a word of the command has in place of the pid of the process that the agent looks at. */
export const pidPlace = '{pid}';

export function checkAgent({ agent, kind }: ArmSettings, report: Report): void {
  if (agent === 'none') return;
  if (kind !== 'native') {
    report(
      ['agent'],
      'only a native arm can have an agent; write `agent: none`, or leave out `jvm` and `churn` (a reader such as read_smaps can be the holder beside a JVM)',
    );
    return;
  }
  const { command } = agent;
  if (command === undefined) {
    report(['agent', 'command'], `expected a list of words such as [cat, "/proc/${pidPlace}/smaps"], got nothing`);
    return;
  }
  const [program = ''] = command;
  if (program.includes(pidPlace))
    report(['agent', 'command', 0], `expected a program, got ${program}; put ${pidPlace} into a word after it`);
  else if (!command.some((word) => word.includes(pidPlace)))
    report(
      ['agent', 'command'],
      `expected ${pidPlace} in one of its words: without it the foreign control cannot make the command look at another process`,
    );
}
