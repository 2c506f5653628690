/** Elements that several figures share. */
import type { Arm, Standing } from './gather.js';
import { html, type Markup } from './markup.js';
import { px, type Scale } from './scales.js';

export interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export function axisBelow({ ticks }: Scale, frame: Frame): Markup {
  return html`<g class="axis">${ticks.map(
    ({ at, label }) => html`<path d="M${px(at)} ${frame.top}V${frame.bottom}"/>${labelBelow(at, label, frame)}`,
  )}</g>`;
}

/**
 * A label at the right edge ends there, so that it is not cut off; a label at the left edge starts there, clear of the
 * other axis.
 */
export function labelBelow(at: number, label: string, { left, right, bottom }: Frame): Markup {
  const isLast = at > right - 24;
  const anchor = isLast ? 'end' : at < left + 12 ? 'start' : 'middle';
  return html`<text x="${px(isLast ? right + 8 : at)}" y="${bottom + 14}" text-anchor="${anchor}">${label}</text>`;
}

export function axisLeft({ ticks }: Scale, { left, right }: Frame): Markup {
  return html`<g class="axis">${ticks.map(
    ({ at, label }) =>
      html`<path d="M${left} ${px(at)}H${right}"/><text x="${left - 5}" y="${px(at + 3.5)}" text-anchor="end">${label}</text>`,
  )}</g>`;
}

/** `name` is for screen readers; text beside the figure states what it shows. */
export function svg(name: string, width: number, height: number, inside: readonly Markup[], kind = ''): Markup {
  return html`<svg class="${kind}" role="img" aria-label="${name}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" preserveAspectRatio="xMinYMin meet">${inside}</svg>`;
}

export const colours_n = 8;

/**
 * An arm has the same colour in all bundles and kernels, and each of these has its own dash pattern; controls are grey.
 */
export function styleOf(arm: Arm, all: readonly Arm[]): string {
  const names = [...new Set(all.filter(({ isControl }) => !isControl).map(({ name }) => name))];
  const controls = [...new Set(all.filter(({ isControl }) => isControl).map(({ name }) => name))];
  const places = [...new Set(all.map(({ bundle, kernel }) => JSON.stringify([bundle, kernel])))];
  const dash = places.indexOf(JSON.stringify([arm.bundle, arm.kernel])) % 4;
  const colour = arm.isControl ? `g${controls.indexOf(arm.name) % 2}` : `c${names.indexOf(arm.name) % colours_n}`;
  return `${colour} d${dash}`;
}

/** The anchor of a stall's description; numbers belong to a bundle. */
export function stallId(bundle: number, number: number): string {
  return `stall-${bundle + 1}-${number}`;
}

/** For legends and tables. */
export function labelOf({ arm, standing }: { readonly arm: Arm; readonly standing: Standing }): string {
  const text = standingTexts[standing];
  return text === null ? arm.label : `${arm.label} (${text})`;
}

/** For an arm without better runs. */
export const standingTexts: Readonly<Record<Standing, string | null>> = {
  evidence: null,
  'under-load': 'under load: it stalls, but rate and length are unknown',
  none: 'disturbed or cut short, no evidence',
};

/** At most `length` characters. */
export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
