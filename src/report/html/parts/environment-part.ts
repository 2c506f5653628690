/** Machine, kernel and configuration of each bundle, side by side. */
import { formatShare, formatSize } from '../../../base/text/units.js';
import { isHeapFlag } from '../../../catalogue/collectors.js';
import {
  isApp,
  isInJvm,
  workOf,
  type JvmArm,
  type ResolvedAllocator,
  type ResolvedArm,
} from '../../../profile/resolved/resolved.js';
import type { ReportedBundle } from '../gather.js';
import { html, type Markup } from '../markup.js';
import { table } from './table.js';

const facts: readonly (readonly [string, string, (value: unknown) => string | null])[] = [
  ['Kernel', 'kernel', textOf],
  ['Preemption', 'preemption', textOf],
  ['HZ', 'hz', textOf],
  ['Per-VMA locks', 'perVmaLocks', textOf],
  ['CPU', 'cpuModel', textOf],
  ['CPUs', 'cpus', (value) => (Array.isArray(value) ? String(value.length) : null)],
  ['Memory', 'memoryBytes', sizeOf],
  ['Limit on memory (cgroup)', 'memoryLimitBytes', sizeOf],
  ['Virtual machine', 'hypervisor', textOf],
  ['Huge pages', 'transparentHugePages', textOf],
  ['Clock source', 'clockSource', textOf],
  ['Autogroup', 'autogroup', textOf],
  ['Node', 'node', textOf],
];

function textOf(value: unknown): string | null {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, 200) : null;
}

function sizeOf(value: unknown): string | null {
  return typeof value === 'number' && value >= 0 ? formatSize(value) : null;
}

export function environmentPart(bundles: readonly Pick<ReportedBundle, 'label' | 'stored'>[]): Markup {
  const columns = bundles.flatMap(({ label, stored: { manifest, runs } }) =>
    manifest.kernels.map((kernel) => {
      const machine: Readonly<Record<string, unknown>> = { ...manifest.host, ...kernel.facts };
      const runsOnKernel = runs.filter((run) => run.kernel === kernel.name);
      const jdks = [
        ...new Set(
          runsOnKernel
            .flatMap(({ jvm }) => jvm?.processes ?? [])
            .map(({ vendor, version }) => [vendor, version].filter((part) => typeof part === 'string').join(' ')),
        ),
      ].filter((jdk) => jdk !== '');
      const steal = Math.max(
        0,
        ...runsOnKernel.map((run) => run.machine.guest?.runDelay_share ?? run.machine.steal_share),
      );
      const loads = runsOnKernel.flatMap((run) => run.machine.foreignLoad_share ?? []);
      return {
        name:
          `${bundles.length > 1 ? label : ''}${
            bundles.length > 1 && manifest.kernels.length > 1 ? ', ' : ''
          }${manifest.kernels.length > 1 ? kernel.name : ''}` || 'value',
        cells: [
          ...facts.map(
            ([title, key, shown]) => [title, Object.hasOwn(machine, key) ? shown(machine[key]) : null] as const,
          ),
          [
            'Guest',
            kernel.guest === null
              ? null
              : `${kernel.guest.accelerator}, ${kernel.guest.cpus} CPUs, ${formatSize(kernel.guest.memoryBytes)}`,
          ] as const,
          ['JDK', jdks.join(' and ') || null] as const,
          ...workloadFacts(measuredArms(manifest)),
          [
            'CPU time of other programs, worst run',
            loads.length === 0 ? null : formatShare(Math.max(...loads)),
          ] as const,
          ['Steal, worst run', runsOnKernel.length === 0 ? null : formatShare(steal)] as const,
          ['Started', manifest.startedAt] as const,
          ['pauselab', manifest.tool.version] as const,
        ],
      };
    }),
  );
  const titles = columns[0]?.cells.map(([title]) => title) ?? [];
  const rows = titles.flatMap((title, i) =>
    columns.every(({ cells }) => cells[i]?.[1] === null)
      ? []
      : [[title, ...columns.map(({ cells }) => cells[i]?.[1] ?? '–')]],
  );
  if (columns.length === 1)
    return html`<dl class="facts">${rows.map(
      ([title = '', value = '']) => html`<div><dt>${title}</dt><dd>${value}</dd></div>`,
    )}</dl>`;
  return table('Environment at a glance', ['', ...columns.map(({ name }) => name)], rows, 1 + columns.length);
}

type Fact = readonly [title: string, value: string | null];

const mostCharacters = 400;

/** Arms of the profile that were to run: `--arm` and a JDK leave out others. An older bundle may have no order. */
function measuredArms({ profile, order }: ReportedBundle['stored']['manifest']): readonly ResolvedArm[] {
  return order.length === 0 ? profile.arms : profile.arms.filter(({ name }) => order.some(({ arm }) => arm === name));
}

/** Settings of these arms; values that differ between arms are joined by `or`. */
function workloadFacts(arms: readonly ResolvedArm[]): Fact[] {
  const inJvm = arms.filter(isInJvm);
  const flagsOf = (arm: JvmArm): string =>
    [...arm.jvm.flags, ...(isApp(arm) ? arm.jvm.app.args : [])].filter(isHeapFlag).join(' ');
  return [
    ['Collector', distinct(inJvm.map(({ jvm }) => jvm.collector))],
    ['Heap flags', distinct(inJvm.map(flagsOf))],
    ['Allocator', distinct(arms.map((arm) => allocatorOf(workOf(arm)?.allocator)))],
  ];
}

function allocatorOf(allocator: ResolvedAllocator | undefined): string {
  if (allocator === undefined) return '';
  return [allocator.name, ...Object.entries(allocator.settings).map(([key, value]) => `${key}=${value}`)].join(' ');
}

function distinct(texts: readonly string[]): string | null {
  const all = [...new Set(texts.filter((text) => text !== ''))].join(' or ');
  return all === '' ? null : all.slice(0, mostCharacters);
}
