/** `pauselab doctor`: finds the lock of each call on this machine, and whether it is fit to measure on. */
import { Command } from '@commander-js/extra-typings';
import { ExitCode } from '../../base/failure.js';
import type { Examination } from '../../doctor/examine.js';
import type { MachineCheck } from '../../doctor/machine.js';
import { guestDefaults, guestOptions } from '../guest-options.js';
import { installing, installOption } from '../install.js';
import { printJson, printText } from '../text/output.js';
import { collect } from '../option-values.js';
import { renderTable } from '../text/text-table.js';

export function doctorCommand(setExitCode: (code: ExitCode) => void) {
  return new Command('doctor')
    .description(
      'find by experiment which lock each call takes on this kernel, and whether this machine is fit to measure on',
    )
    .option(
      '--kernel <kernel>',
      'find the lock table of this kernel, in a guest: deb:<version> or the path of an image; host: the kernel of this machine; label=… names it in the table; may be repeated',
      collect,
      [],
    )
    .option('--preempt <model>', 'preempt= of the guests’ kernels: full, voluntary, lazy or none', 'full')
    .option('--json', 'write a JSON document')
    .option(...installOption)
    .addHelpText(
      'after',
      '\nExamples:\n  $ pauselab doctor\n  $ pauselab doctor --json\n  $ pauselab doctor --kernel deb:6.16.12 --kernel deb:6.17.13\n\nExit codes: 0 fit, 5 unfit, 129/130/143 interrupted.',
    )
    .action(async ({ json, kernel, preempt, install }) => {
      const { examineKernels, examineMachine } = await import('../../jobs/examination.js');
      const examining = await installing(install === true);
      if (kernel.length > 0) {
        const { parsePreemption, renderKernels } = await import('../text/doctor-kernels.js');
        const asked = { model: parsePreemption(preempt), guest: guestOptions(guestDefaults) };
        const tables = await examineKernels(kernel, asked, examining);
        if (json === true) printJson(tables);
        else printText(renderKernels(tables));
        if (tables.some(({ fit }) => !fit)) setExitCode(ExitCode.unfit);
        return;
      }
      const report = await examineMachine(examining);
      if (json === true) printJson(report);
      else printText(renderExamination(report));
      if (!report.fit) setExitCode(ExitCode.unfit);
    });
}

const marks: Record<MachineCheck['status'], string> = { ok: 'ok', info: '', advice: 'advice', unfit: 'UNFIT' };

export function renderExamination({
  conclusion,
  locks,
  checks,
}: Pick<Examination, 'conclusion' | 'locks' | 'checks'>): string {
  const lockRows = locks.map(({ operation, layout, lock, declared, asDeclared, errno, figures }) => [
    operation,
    layout === 'crossing' ? 'across VMAs' : 'one VMA',
    errno === null ? lock : `refused (${errno})`,
    asDeclared === false ? `not as declared for this kernel: ${declared}` : (figures ?? ''),
  ]);
  const checkRows = checks.map(({ name, found, status, advice }) => [
    name,
    marks[status],
    advice === null ? found : `${found}: ${advice}`,
  ]);
  return [
    ...(locks.length === 0 ? [] : [renderTable(['call', 'range', 'lock it takes here', ''], lockRows, 4), '']),
    renderTable(['machine', '', ''], checkRows, 3),
    '',
    conclusion,
    '',
  ].join('\n');
}
