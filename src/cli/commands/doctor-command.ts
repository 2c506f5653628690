/** `pauselab doctor`: finds the lock of each call on this machine, and whether it is fit to measure on. */
import { Command } from '@commander-js/extra-typings';
import { ExitCode, Failure, usage } from '../../base/failure.js';
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
    .option(
      '-o, --out <folder>',
      'keep the lock table of each --kernel in this folder, an atlas; the same command goes on with those that are missing',
    )
    .option('--retry-undecided', 'with --out: test the undecided calls of finished tables again')
    .option('--json', 'write a JSON document')
    .option(...installOption)
    .addHelpText(
      'after',
      '\nExamples:\n  $ pauselab doctor\n  $ pauselab doctor --json\n  $ pauselab doctor --kernel deb:6.16.12 --kernel deb:6.17.13\n  $ pauselab doctor --kernel deb:6.1 --kernel deb:7.3 --out atlas\n  $ pauselab report atlas -o atlas.html\n\nExit codes: 0 fit, 5 unfit, 6 a guest failed, 129/130/143 interrupted.',
    )
    .action(async ({ json, kernel, preempt, install, out, retryUndecided }) => {
      if (out !== undefined && kernel.length === 0)
        throw usage(`--out ${out} keeps the tables of kernels; name them with --kernel`);
      if (retryUndecided === true && out === undefined)
        throw usage('--retry-undecided tests the tables of an atlas again; name its folder with --out');
      const { examineKernels, examineMachine } = await import('../../jobs/examination.js');
      const examining = await installing(install === true);
      if (kernel.length > 0) {
        const { parsePreemption, renderKernels } = await import('../text/doctor-kernels.js');
        const asked = { model: parsePreemption(preempt), guest: guestOptions(guestDefaults) };
        if (out !== undefined) {
          const { makeAtlas, declaredTable } = await import('../../jobs/make-atlas.js');
          const folder = { path: out, retryUndecided: retryUndecided === true };
          const { tables, failures } = await makeAtlas(kernel, asked, folder, examining);
          const declared = tables.map(declaredTable);
          if (json === true) printJson(declared);
          else printText(renderKernels(declared));
          const [first, ...others] = failures;
          if (first !== undefined) throw incomplete(first, others.length, kernel.length, out);
          if (tables.some(({ fit }) => !fit)) setExitCode(ExitCode.unfit);
          return;
        }
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

function incomplete(
  { kernel, failure }: { readonly kernel: string; readonly failure: Failure },
  others: number,
  all: number,
  out: string,
): Failure {
  return new Failure(
    failure.code,
    `${others + 1} of ${all} kernels could not be examined (${kernel}: ${failure.message}); ` +
      `${out} keeps the tables of the others, and the same command tries the rest again`,
    { cause: failure },
  );
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
