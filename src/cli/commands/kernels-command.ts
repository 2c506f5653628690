/** `pauselab kernels`: which kernels there are to boot, getting them, and what they are. */
import { Command } from '@commander-js/extra-typings';
import { Failure, usage } from '../../base/failure.js';
import type { KernelImage, KernelSources } from '../../kernel/image/kernel.js';
import type { KernelFacts } from '../../kernel/image/kernel-facts.js';
import type { relationOf } from '../../kernel/image/kernel-relation.js';
import { withInstallations } from '../../jobs/make-ready.js';
import { askedKernel, labelProblem, type AskedKernel } from '../../profile/check/asked-kernel.js';
import { installing, installOption } from '../install.js';
import { examples, toJson, printText as write } from '../text/output.js';
import { renderTable } from '../text/text-table.js';

// What finds kernels is loaded by the actions, so that `--help` stays quick.

export function kernelsCommand() {
  return new Command('kernels')
    .description('list, fetch and describe kernels that guests can boot')
    .addHelpText(
      'after',
      examples([
        'kernels list --available',
        'kernels fetch deb:6.16.12 deb:6.17.13',
        'kernels show deb:6.12',
        'kernels show ~/linux/arch/x86/boot/bzImage',
      ]),
    )
    .addCommand(listCommand())
    .addCommand(fetchCommand())
    .addCommand(showCommand());
}

function listCommand() {
  return new Command('list')
    .description('name the kernels in the cache, or those that the mirror has')
    .option('--available', "what this machine's Debian mirror has, by version and flavour")
    .option('--json', 'write one JSON document')
    .option(...installOption)
    .addHelpText('after', examples(['kernels list', 'kernels list --available']))
    .action(async ({ available, json, install }) => {
      if (available === true) await listAvailable(json === true, install === true);
      else await listCached(json === true);
    });
}

async function listCached(json: boolean): Promise<void> {
  const { cachedKernels, cacheFolder } = await import('../../kernel/debian/cache.js');
  const cache = cacheFolder({});
  const kernels = cachedKernels(cache);
  if (json) {
    write(
      toJson({
        cache,
        kernels: kernels.map(({ release, package: name, version, flavour, suite, sha256, image, config, modules }) => ({
          release,
          package: name,
          version,
          flavour,
          suite,
          sha256,
          image,
          config,
          modules,
        })),
      }),
    );
    return;
  }
  const rows = kernels.map(({ release, version, suite, folder }) => [release, version, suite ?? 'a .deb file', folder]);
  write(
    rows.length === 0
      ? `no kernels in ${cache}; fetch one: pauselab kernels fetch deb:6.12\n`
      : `${renderTable(['release', 'package version', 'from', 'folder'], rows, 4)}\n`,
  );
}

async function listAvailable(json: boolean, install: boolean): Promise<void> {
  const [{ packageIndex }, { bootable }, { parseImageName }, { compareDebianVersions, upstreamVersion }] =
    await Promise.all([
      import('../../kernel/debian/package-index.js'),
      import('../../kernel/debian/deb-kernel.js'),
      import('../../kernel/debian/deb-spec.js'),
      import('../../kernel/debian/debian-version.js'),
    ]);
  const index = await withInstallations(await installing(install), () =>
    interruptible((sources) => packageIndex(sources)),
  );
  const all = bootable(index)
    .sort((a, b) => compareDebianVersions(a.version, b.version))
    .flatMap((one) => {
      const image = parseImageName(one.name);
      return image === null || image.unsigned
        ? []
        : [
            {
              spec: `deb:${upstreamVersion(one.version)}${image.flavour === 'cloud-amd64' ? '' : `/${image.flavour}`}`,
              release: image.release,
              flavour: image.flavour,
              version: one.version,
              suite: one.suite,
            },
          ];
    });
  if (json) {
    write(
      toJson({
        mirror: index.mirror.uri,
        fetchedAt: new Date(index.fetchedAt_ms).toISOString(),
        kernels: all,
        leftOut: index.leftOut,
      }),
    );
    return;
  }
  const specs = [...new Set(all.map(({ version }) => version))].map((version) => {
    const same = all.filter((one) => one.version === version);
    return [
      `deb:${upstreamVersion(version)}`,
      version,
      [...new Set(same.map(({ suite }) => suite))].join(', '),
      same
        .map(({ flavour }) => flavour)
        .filter((flavour, i, list) => list.indexOf(flavour) === i)
        .join(', '),
    ];
  });
  write(`${renderTable(['', 'package version', 'suite', 'flavours'], specs, 4)}\n`);
}

function fetchCommand() {
  return new Command('fetch')
    .description('put kernels into the cache, so that runs need no network')
    .argument('<kernel...>', 'deb:<version>[/<flavour>], or a .deb file')
    .option('--json', 'write one JSON document')
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
      const { resolveKernel } = await import('../../kernel/image/kernel-image.js');
      const kernels: KernelImage[] = [];
      for (const one of asked) {
        const { kernel: wanted } = withoutLabel(one);
        const kernel = await withInstallations(await installing(install === true), () =>
          interruptible((sources) => resolveKernel(wanted, sources)),
        );
        kernels.push(kernel);
        if (json !== true) write(`${one}: ${kernel.release}, ${kernel.image}\n`);
      }
      if (json === true) write(toJson({ kernels }));
    });
}

function showCommand() {
  return new Command('show')
    .description(
      'what a kernel is: version, preemption models, HZ, per-VMA locks, huge pages, mitigations; of two, what differs',
    )
    .argument(
      '<kernel>',
      'deb:<version>, a .deb, a bzImage or vmlinux (,config=PATH behind it), or a built kernel tree',
    )
    .argument('[other]', 'another one to compare it with')
    .option('--json', 'write one JSON document')
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
      const [{ resolveKernel }, { kernelFacts }, { relationOf }] = await Promise.all([
        import('../../kernel/image/kernel-image.js'),
        import('../../kernel/image/kernel-facts.js'),
        import('../../kernel/image/kernel-relation.js'),
      ]);
      const shown: { kernel: KernelImage; facts: KernelFacts; label: string | null }[] = [];
      for (const one of other === undefined ? [asked] : [asked, other]) {
        const { label, kernel: wanted } = withoutLabel(one);
        const kernel = await withInstallations(await installing(install === true), () =>
          interruptible((sources) => resolveKernel(wanted, sources)),
        );
        shown.push({ kernel, facts: kernelFacts(kernel), label });
      }
      const [first, second] = shown;
      const relation = first === undefined || second === undefined ? null : relationOf(first, second);
      if (json === true) {
        write(toJson(relation === null ? shown[0] : { kernels: shown, ...relation }));
        return;
      }
      write(shown.map(describeKernel).join('\n'));
      if (relation !== null) write(`\n${describeRelation(relation)}\n`);
    });
}

/** What a user copies from --kernel may have a label before it. */
function withoutLabel(text: string): AskedKernel {
  const problem = labelProblem(text);
  if (problem !== null) throw usage(problem);
  return askedKernel(text);
}

function describeRelation({ differences, oneTree }: ReturnType<typeof relationOf>): string {
  const differing =
    differences.length === 0
      ? 'nothing that is known differs'
      : `what differs:\n${differences.map(({ sentence }) => `  ${sentence}`).join('\n')}`;
  return oneTree === null
    ? differing
    : `${differing}\ntaken for builds of one tree: Linux ${oneTree.version}, the same ${oneTree.options_n} options, ${oneTree.sameCompiler ? 'the same compiler' : 'another compiler'}; an image does not name its sources`;
}

export function describeKernel({
  kernel,
  facts,
  label = null,
}: {
  kernel: KernelImage;
  facts: KernelFacts;
  label?: string | null;
}): string {
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
        : `${origin.package} ${origin.version}, ${origin.suite === null ? 'a .deb file (no signature checked)' : `${origin.suite} (signature checked)`}`,
    ],
    ['image', kernel.image],
    ['  sha256', facts.imageSha256],
    ['config', kernel.config ?? unknown],
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

/** Notes on stderr as they come; a signal ends what is being fetched and leaves the cache as it was. */
async function interruptible<T>(work: (sources: KernelSources) => Promise<T>): Promise<T> {
  const [{ createLogger }, { exitCodeOf, listenForInterruption }] = await Promise.all([
    import('../text/logger.js'),
    import('../../experiment/interruption.js'),
  ]);
  const logger = createLogger();
  const abort = new AbortController();
  const interruption = listenForInterruption((signal) => {
    abort.abort(new Failure(exitCodeOf(signal), `${signal}: nothing was added to the cache`));
  });
  try {
    return await work({
      note: (sentence) => {
        logger.info(sentence);
      },
      signal: abort.signal,
    });
  } finally {
    interruption.dispose();
  }
}
