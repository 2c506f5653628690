/** The checks of an arm whose victims are threads of a JVM. */
import { checkRates } from './check-rates.js';
import { checkSeries, type Report } from './check-series.js';
import { jvmLoads, jvmProbeNamed, jvmProbeNames, type JvmLoadName } from './jvm-table.js';
import { holderOperations, operationNamed } from './operations.js';
import type { Profile } from './schema.js';
import type { ArmSettings, JvmSettings } from './settings.js';

/** Flags that pauselab gives itself, and the setting that decides them. */
const ownFlags: readonly (readonly [pattern: RegExp, remedy: string])[] = [
  [/^-XX:[+-]Use(G1|Parallel|Serial|Z|Shenandoah|Epsilon)GC$/, 'use jvm.collector'],
  [/^-javaagent:.*pauselab/, 'leave it out: the agent is put in by itself'],
];

export function checkJvmArm(profile: Profile, settings: ArmSettings, jvm: JvmSettings, report: Report): void {
  const { victims, holder, layout } = settings;
  const strange = [...victims.entries()].filter(([, { operation }]) => !jvmProbeNames.some((name) => name === operation));
  for (const [index, { operation }] of strange)
    report(['victims', index, 'operation'], `${operation} is no operation of a JVM; use one of ${jvmProbeNames.join(', ')}`);
  if (strange.length === 0) {
    checkSeries(settings, report, (operation) => jvmProbeNamed(operation).role);
    checkRates(profile, settings, report, (operation) => jvmProbeNamed(operation).uses);
  }
  for (const [index, { layout: own }] of victims.entries())
    if (own !== undefined) report(['victims', index, 'layout'], 'where memory lies in a JVM is the JVM’s affair; leave this out');
  if (layout !== 'isolated') report(['layout'], 'where memory lies in a JVM is the JVM’s affair; leave this out');
  if (holder.operation !== undefined && operationNamed(holder.operation).reads !== true) {
    const readers = holderOperations.filter((name) => operationNamed(name).reads === true);
    report(['holder', 'operation'], `beside a JVM the holder can only be one that reads about it, ${readers.join(', ')}; what gives memory back is the JVM itself (jvm.loads)`);
  }
  for (const [index, flag] of jvm.flags.entries()) checkFlag(flag, (text) => { report(['jvm', 'flags', index], text); });
  checkLoads(jvm, report);
}

function checkFlag(flag: string, report: (text: string) => void): void {
  if (!flag.startsWith('-')) report(`expected a flag of java such as -Xmx1g, got ${JSON.stringify(flag)}`);
  const own = ownFlags.find(([pattern]) => pattern.test(flag));
  if (own !== undefined) report(`${flag} is not to be given as a flag; ${own[1]}`);
}

function checkLoads({ loads, app }: JvmSettings, report: Report): void {
  if (app !== undefined && loads.length > 0) report(['jvm', 'loads'], 'a program of your own makes its own load; leave out loads, or app');
  for (const [index, load] of loads.entries()) {
    const { low, high } = load as { low?: number; high?: number };
    const { settings } = jvmLoads[load.load as JvmLoadName];
    if ('low' in settings && low !== undefined && high !== undefined && low >= high) report(['jvm', 'loads', index], 'expected low to be less than high');
  }
}
