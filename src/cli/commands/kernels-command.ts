/** `pauselab kernels`: lists, fetches, builds and describes kernels that guests can boot. */
import { Command } from '@commander-js/extra-typings';
import { kernelChanges } from '../../catalogue/kernel-changes.js';
import { usage } from '../../base/failure.js';
import type { BuiltKernel, ShownKernel, ShownKernels } from '../../jobs/kernels.js';
import type { AskedChange } from '../../kernel/build/build-spec.js';
import type { KernelImage } from '../../kernel/image/kernel.js';
import { buildText } from '../../words/build-words.js';
import { collect } from '../option-values.js';
import { installing, installOption } from '../install.js';
import { examples, toJson, printText as write } from '../text/output.js';
import { renderTable } from '../text/text-table.js';

// The actions load the code that finds kernels, so that `--help` stays fast.

export function kernelsCommand() {
  return new Command('kernels')
    .description('list, fetch, build and describe kernels that a guest can boot')
    .addHelpText(
      'after',
      examples([
        'kernels list --available',
        'kernels fetch deb:6.16.12 deb:6.17.13',
        'kernels build deb-source:7.3 --label patched',
        'kernels show deb:6.12',
        'kernels show ~/linux/arch/x86/boot/bzImage',
      ]),
    )
    .addCommand(listCommand())
    .addCommand(fetchCommand())
    .addCommand(buildCommand())
    .addCommand(showCommand());
}

function listCommand() {
  return new Command('list')
    .description('list the kernels in the cache or on the mirror')
    .option('--available', "list the kernels on this machine's Debian mirror, by version and flavour")
    .option('--json', 'write a JSON document')
    .option(...installOption)
    .addHelpText('after', examples(['kernels list', 'kernels list --available']))
    .action(async ({ available, json, install }) => {
      if (available === true) await listAvailable(json === true, install === true);
      else await listCached(json === true);
    });
}

async function listCached(json: boolean): Promise<void> {
  const { keptKernels } = await import('../../jobs/kernels.js');
  const { cache, kernels } = keptKernels();
  if (json) {
    write(
      toJson({
        cache,
        kernels: kernels.map(
          ({ release, package: name, version, flavour, suite, labels, build, sha256, image, config, modules }) => ({
            release,
            package: name,
            version,
            flavour,
            suite,
            labels,
            build,
            sha256,
            image,
            config,
            modules,
          }),
        ),
      }),
    );
    return;
  }
  const rows = kernels.map(({ release, version, suite, labels, build, folder }) => [
    labels.join(', '),
    release,
    version,
    build === null ? (suite ?? 'a .deb file') : buildText(build),
    folder,
  ]);
  write(
    rows.length === 0
      ? `no kernels in ${cache}; fetch a kernel: pauselab kernels fetch deb:6.12\n`
      : `${renderTable(['label', 'release', 'version', 'from', 'folder'], rows, 5)}\n`,
  );
}

async function listAvailable(json: boolean, install: boolean): Promise<void> {
  const { availableKernels } = await import('../../jobs/kernels.js');
  const { mirror, fetchedAt_ms, leftOut, kernels, versions } = await availableKernels(await installing(install));
  if (json) {
    write(toJson({ mirror: mirror.uri, fetchedAt: new Date(fetchedAt_ms).toISOString(), kernels, leftOut }));
    return;
  }
  const rows = versions.map(({ spec, version, suites, flavours }) => [
    spec,
    version,
    suites.join(', '),
    flavours.join(', '),
  ]);
  write(`${renderTable(['', 'package version', 'suite', 'flavours'], rows, 4)}\n`);
}

function fetchCommand() {
  return new Command('fetch')
    .description('fetch kernels into the cache, so that runs need no network')
    .argument('<kernel...>', 'deb:<version>[/<flavour>], or a .deb file')
    .option('--json', 'write a JSON document')
    .option(...installOption)
    .addHelpText(
      'after',
      examples([
        'kernels fetch deb:6.16.12 deb:6.17.13',
        'kernels fetch deb:6.12/amd64',
        'kernels fetch ./linux-image-6.16.12-mine_1_amd64.deb',
      ]),
    )
    .action(async (asked, { json, install }) => {
      const { findKernel } = await import('../../jobs/kernels.js');
      const kernels: KernelImage[] = [];
      for (const text of asked) {
        const { kernel } = await findKernel(text, await installing(install === true));
        kernels.push(kernel);
        if (json !== true) write(`${text}: ${kernel.release}, ${kernel.image}\n`);
      }
      if (json === true) write(toJson({ kernels }));
    });
}

/** In the order in which they are given, because a patch may need the one before. */
function collectChange(isReverted: boolean, all: AskedChange[]) {
  return (text: string): AskedChange[] => {
    all.push({ text, isReverted });
    return all;
  };
}

function buildCommand() {
  const changes: AskedChange[] = [];
  return new Command('build')
    .description('build a kernel for guests from sources, with and without a change; --kernel LABEL then names it')
    .argument('<source>', 'deb-source:<version>, a folder of kernel sources, or an archive of them')
    .requiredOption('--label <name>', 'name the built kernel')
    .option(
      '--patch <file|name>',
      'apply a patch, or a change that pauselab ships; may be repeated',
      collectChange(false, changes),
    )
    .option('--revert <file>', 'take a patch out of the sources; may be repeated', collectChange(true, changes))
    .option(
      '--config <file|option>',
      'add options to the configuration: a file, or an option such as CONFIG_PSI=y; may be repeated',
      collect,
      [],
    )
    .option(
      '--deb',
      'build Debian packages for a machine, with the whole configuration of the first --config, instead of a kernel for guests',
    )
    .option('--debug-info', 'with --deb: keep the debug info of the configuration, which needs several times the disk')
    .option('--replace', 'take the label from another build')
    .option('--json', 'write a JSON document')
    .option(...installOption)
    .addHelpText('after', () => changesText())
    .addHelpText(
      'after',
      examples([
        'kernels build deb-source:7.3 --label patched',
        'kernels build deb-source:7.3 --label stock --patch madvise-under-mmap-lock',
        'kernels build ./linux --label mine --patch 0001-mine.patch --config psi.config',
        'kernels build deb-source:7.3 --label patched --config "/boot/config-$(uname -r)" --deb',
      ]),
    )
    .action(async (source, { label, config: configs, deb, debugInfo, replace, json, install }) => {
      if (debugInfo === true && deb !== true)
        throw usage('--debug-info is for packages; add --deb, or switch debug info on in a file of --config');
      const { buildLabelled } = await import('../../jobs/kernels.js');
      const packages = deb === true ? { packages: { keepsDebugInfo: debugInfo === true } } : {};
      const wanted = { source, label, replace: replace === true, changes, configs, ...packages };
      const built = await buildLabelled(wanted, await installing(install === true));
      write(json === true ? toJson(built) : builtText(built));
    });
}

function builtText({ label, kernel: { release, image, origin }, install }: BuiltKernel): string {
  const built = `${label}: Linux ${release} of ${buildText(origin)}, ${image}\n`;
  if (origin.packages.length === 0) return built;
  return [
    built.trimEnd(),
    `build id of vmlinux: ${origin.buildId ?? 'none, so a boot of this kernel cannot be told from another'}`,
    'packages:',
    ...origin.packages.map((path) => `  ${path}`),
    'next, on the machine to measure:',
    `  apt install ${install.join(' ')}`,
    `  reboot into Linux ${release}`,
    `  pauselab run priority-inversion --boot-label ${label}`,
    'Boot both kernels in turns, several times: docs/kernels.md, "On your own hardware".',
    '',
  ].join('\n');
}

function changesText(): string {
  const rows = kernelChanges.map(({ name, title, versions }) => `  ${name}: ${title} (${versions})`);
  return ['', 'Changes that pauselab ships, for --patch:', ...rows, ''].join('\n');
}

function showCommand() {
  return new Command('show')
    .description(
      'print version, preemption models, HZ, per-VMA locks, huge pages and mitigations of a kernel, or the differences of two',
    )
    .argument(
      '<kernel>',
      'deb:<version>, a .deb, a bzImage or vmlinux (with its configuration: image,config=PATH), or a built kernel tree',
    )
    .argument('[other]', 'a kernel to compare with')
    .option('--json', 'write a JSON document')
    .option(...installOption)
    .addHelpText(
      'after',
      examples([
        'kernels show deb:6.16.12',
        'kernels show deb:6.16.12 deb:6.17.13',
        'kernels show ./bzImage,config=./my.config --json',
      ]),
    )
    .action(async (asked, other, { json, install }) => {
      const { showKernels } = await import('../../jobs/kernels.js');
      const texts = other === undefined ? [asked] : [asked, other];
      const { shown, relation } = await showKernels(texts, await installing(install === true));
      if (json === true) {
        write(toJson(relation === null ? shown[0] : { kernels: shown, ...relation }));
        return;
      }
      write(shown.map(describeKernel).join('\n'));
      if (relation !== null) write(`\n${describeRelation(relation)}\n`);
    });
}

function describeRelation({ differences, oneTree }: NonNullable<ShownKernels['relation']>): string {
  const differing =
    differences.length === 0
      ? 'no known difference'
      : `what differs:\n${differences.map(({ sentence }) => `  ${sentence}`).join('\n')}`;
  if (oneTree === null) return differing;
  return oneTree.built !== null
    ? `${differing}\nbuilds of ${oneTree.built.source} with the same options and ${oneTree.sameCompiler ? 'compiler' : 'different compilers'}; ${changesBetween(oneTree.built)}`
    : `${differing}\nprobably builds of the same tree: Linux ${oneTree.version}, the same ${oneTree.options_n} options, ${oneTree.sameCompiler ? 'the same compiler' : 'another compiler'}; an image does not name its sources`;
}

function changesBetween({
  onlyFirst,
  onlyThis,
}: {
  onlyFirst: readonly string[];
  onlyThis: readonly string[];
}): string {
  return [
    ...(onlyFirst.length === 0 ? [] : [`only the first has ${onlyFirst.join(', ')}`]),
    ...(onlyThis.length === 0 ? [] : [`only the second has ${onlyThis.join(', ')}`]),
  ].join('; ');
}

function describeKernel({ kernel, facts, label }: ShownKernel): string {
  const { origin } = kernel;
  const unknown = 'not known';
  const yesNo = (value: boolean | null): string => (value === null ? unknown : value ? 'yes' : 'no');
  const rows = [
    ['release', facts.release],
    ['version', facts.version],
    ['flavour', facts.flavour ?? "none of Debian's"],
    [
      'from',
      origin.kind === 'file'
        ? 'a file'
        : origin.kind === 'built'
          ? `a build of ${buildText(origin)}`
          : `${origin.package} ${origin.version}, ${origin.suite === null ? 'a .deb file (no signature checked)' : `${origin.suite} (signature checked)`}`,
    ],
    ['image', kernel.image],
    ['  sha256', facts.imageSha256],
    [
      'config',
      kernel.config === null
        ? unknown
        : origin.kind === 'deb' && origin.unlistedConfig !== undefined
          ? `${kernel.config} (of ${origin.unlistedConfig}, without a checksum)`
          : kernel.config,
    ],
    ['  sha256', facts.configSha256 ?? unknown],
    ['modules', kernel.modules ?? 'none'],
    ['HZ', facts.hz === null ? unknown : String(facts.hz)],
    [
      'preemption',
      facts.preemption === null
        ? unknown
        : `${facts.preemption.default ?? unknown} by default; preempt= can choose ${facts.preemption.models.length > 1 ? facts.preemption.models.join(', ') : 'nothing else'}${facts.preemption.realTime ? '; PREEMPT_RT' : ''}`,
    ],
    ['per-VMA locks', yesNo(facts.perVmaLocks)],
    ['huge pages', facts.transparentHugePages ?? unknown],
    [
      'mitigations',
      facts.mitigations === null
        ? unknown
        : !facts.mitigations.enabled
          ? 'off'
          : `${facts.mitigations.on.length} built in${facts.mitigations.off.length === 0 ? '' : `, without ${facts.mitigations.off.join(', ')}`}`,
    ],
    ['cpu.max', yesNo(facts.cpuBandwidth)],
    ['autogroup', yesNo(facts.autogroup)],
    ['compiler', facts.compiler ?? unknown],
  ];
  return `${renderTable([label ?? kernel.asked, ''], rows)}\nnot known from these:\n${facts.notKnown.map((sentence) => `  ${sentence}\n`).join('')}`;
}
