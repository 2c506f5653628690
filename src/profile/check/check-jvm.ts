/** The checks of an arm whose victims are threads of a JVM. */
import { Failure } from '../../base/failure.js';
import { collectorTable } from '../../catalogue/collectors.js';
import { checkJvmLoad, collectingSettings } from './check-loads.js';
import { checkRates } from './check-rates.js';
import { checkSeries, type Report } from './check-series.js';
import { isHost } from './asked-kernel.js';
import { javaCommand } from './java-command.js';
import { acceptsOlderThan } from './jdk-requirement.js';
import { jvmLoads, type JvmLoad, type JvmLoadName } from '../../catalogue/jvm-loads.js';
import { jvmProbeNamed, jvmProbeNames } from '../../catalogue/jvm-probes.js';
import { holderOperations, operationNamed, ridingHolders, type HolderOperation } from '../../catalogue/operations.js';
import type { Profile } from '../written/profile-schema.js';
import type { AppSettings, JvmAppSettings, LoadsSettings } from '../resolved/settings.js';

/** Flags that pauselab sets, and the setting of the profile to use instead. */
const ownFlags: readonly (readonly [pattern: RegExp, remedy: string])[] = [
  [
    new RegExp(
      `^-XX:[+-](${Object.values(collectorTable)
        .map(({ flag }) => flag)
        .join('|')})$`,
    ),
    'use jvm.collector',
  ],
  [/^-javaagent:.*pauselab/, 'leave it out: pauselab adds the agent'],
];

export function checkJvmArm(profile: Profile, settings: LoadsSettings | AppSettings, report: Report): void {
  const { jvm, victims, holder, layout } = settings;
  const strange = [...victims.entries()].filter(
    ([, { operation }]) => !jvmProbeNames.some((name) => name === operation),
  );
  for (const [index, { operation }] of strange)
    report(
      ['victims', index, 'operation'],
      `${operation} is not a probe of a JVM; use one of ${jvmProbeNames.join(', ')}`,
    );
  if (strange.length === 0) {
    checkSeries(settings, report, (operation) => jvmProbeNamed(operation).role);
    checkRates(profile, settings, report, (operation) => jvmProbeNamed(operation).uses);
  }
  for (const [index, { layout: own }] of victims.entries())
    if (own !== undefined)
      report(['victims', index, 'layout'], 'the JVM decides where its memory lies; leave this out');
  const isReader = holder.operation !== undefined && operationNamed(holder.operation).reads === true;
  if (holder.operation === undefined || isReader) {
    if (layout !== 'isolated') report(['layout'], 'the JVM decides where its memory lies; leave this out');
  } else if (settings.kind === 'jvm') {
    const readers = holderOperations.filter((name) => operationNamed(name).reads === true);
    report(
      ['holder', 'operation'],
      `the holder of a JVM arm can only read about the JVM, with ${readers.join(', ')}; the JVM gives memory back (jvm.loads)`,
    );
  } else {
    checkRidingHolder(settings, holder.operation, report);
  }
  for (const [index, flag] of jvm.flags.entries())
    checkFlag(flag, (text) => {
      report(['jvm', 'flags', index], text);
    });
  checkExplicitGc(jvm, report);
  for (const [index, load] of jvm.loads.entries()) {
    const { firstJdk }: JvmLoad = jvmLoads[load.load as JvmLoadName];
    if (firstJdk !== undefined && acceptsOlderThan(jvm.jdk, firstJdk))
      report(
        ['jvm', 'loads', index, 'load'],
        `${load.load} needs JDK ${firstJdk} or newer, and jvm.jdk accepts older ones ("${jvm.jdk}"); give the arm jdk: '>=${firstJdk}'`,
      );
    checkJvmLoad(load.load as JvmLoadName, load, (key, text) => {
      report(['jvm', 'loads', index, key], text);
    });
  }
  if (settings.kind === 'app') checkApp(profile, settings, isReader, report);
}

function checkApp(
  { kernels = [] }: Profile,
  { holder, jvm: { app, loads } }: AppSettings,
  isReader: boolean,
  report: Report,
): void {
  if (isReader && app.probes === false)
    report(
      ['holder', 'operation'],
      `${holder.operation ?? ''} reads about the process with the probes, and this arm has no probes (jvm.app.probes is false); leave one of the two out`,
    );
  const guest = kernels.find((kernel) => !isHost(kernel));
  if (guest !== undefined)
    report(
      ['jvm', 'app'],
      `your program runs only on this machine’s kernel, because its files are not in a guest of ${guest}; leave out \`kernels\``,
    );
  if (loads.length > 0) report(['jvm', 'loads'], 'your program is the load; leave out loads, or app');
  checkProgram(app, report);
}

/** Without words, --java-args will name the program. */
function checkProgram({ args }: JvmAppSettings, report: Report): void {
  if (args === undefined) return;
  try {
    javaCommand(args);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    report(['jvm', 'app', 'args'], error.message);
  }
}

/** A holder that is a thread of the user's program. */
function checkRidingHolder({ holder, layout }: AppSettings, name: HolderOperation, report: Report): void {
  if (!ridingHolders.includes(name)) {
    report(
      ['holder', 'operation'],
      `${name} cannot be the holder inside your program; use one of ${ridingHolders.join(', ')}`,
    );
    return;
  }
  const operation = operationNamed(name);
  if (typeof holder.region !== 'number')
    report(
      ['holder', 'region'],
      'a region inside your program cannot be calibrated; give holder.region a size such as 512MiB',
    );
  if (holder.process === 'foreign')
    report(['holder', 'process'], 'the holder of an arm with jvm.app is inside the program; leave this out');
  if (operation.toucher === 'needed' && holder.toucher === 'none' && holder.active)
    report(
      ['holder', 'toucher'],
      `after its first call ${name} has nothing left to release; leave out \`toucher: none\``,
    );
  const possible = operation.layouts.filter((one) => one === 'isolated' || one === 'split');
  if (!possible.includes(layout as 'isolated'))
    report(['layout'], `${name} inside your program can lie in layout ${possible.join(' or ')}`);
}

/** Such a load would count collections that never were, and what they free would never go back. */
function checkExplicitGc({ flags, loads }: LoadsSettings['jvm'] | AppSettings['jvm'], report: Report): void {
  // Java obeys the last of several.
  const index = flags.findLastIndex((flag) => /^-XX:[+-]DisableExplicitGC$/.test(flag));
  if (flags[index] !== '-XX:+DisableExplicitGC') return;
  for (const load of loads)
    for (const { key, off } of collectingSettings(load.load as JvmLoadName, load))
      report(
        ['jvm', 'flags', index],
        `System.gc() does nothing under ${flags[index]}, and ${load.load} calls it; leave the flag out, or set ${key}: ${off} of ${load.load}`,
      );
}

function checkFlag(flag: string, report: (text: string) => void): void {
  if (!flag.startsWith('-')) report(`expected a flag of java such as -Xmx1g, got ${JSON.stringify(flag)}`);
  const own = ownFlags.find(([pattern]) => pattern.test(flag));
  if (own !== undefined) report(`${flag} cannot be a flag here; ${own[1]}`);
}
