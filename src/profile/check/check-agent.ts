/** The checks of an agent: a command of the user's that looks at the measured process. */
import type { ArmSettings } from '../resolved/settings.js';
import type { Report } from './check-series.js';

/** What a word of the command has in place of the pid of the process that the agent looks at. */
export const pidPlace = '{pid}';

export function checkAgent(settings: ArmSettings, report: Report): void {
  const { agent } = settings;
  if (agent === 'none') return;
  if (settings.kind === 'jvm' && settings.jvm.loads.length === 0)
    report(
      ['agent'],
      'without a load there is no second JVM in the foreign control that the agent could look at; give jvm.loads a load, or write `agent: none`',
    );
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
