/**
 * Whether the settings of a load fit together, defaults included. The load would refuse them too, but without their place
 * in the file.
 */
import { formatSize } from '../../base/text/units.js';
import { settingValue } from '../resolved/expand-work.js';
import { jvmLoads, type JvmLoad, type JvmLoadName } from '../../catalogue/jvm-loads.js';

/** Most objects that a load keeps in an array. */
const mostObjects = 2 ** 26;

/** Its settings that make it call System.gc(), each with the value that ends that. */
export function collectingSettings(
  name: JvmLoadName,
  given: Readonly<Record<string, unknown>>,
): { readonly key: string; readonly off: string }[] {
  const { settings }: JvmLoad = jvmLoads[name];
  return Object.entries(settings).flatMap(([key, setting]) =>
    setting.collects === true && settingValue(setting, given[key]) > 0
      ? [{ key, off: setting.kind === 'flag' ? 'false' : '0ms' }]
      : [],
  );
}

/** `given`: settings as the schema parsed them. `report`: at the key of a setting. */
export function checkJvmLoad(
  name: JvmLoadName,
  given: Readonly<Record<string, unknown>>,
  report: (key: string, text: string) => void,
): void {
  const { settings }: JvmLoad = jvmLoads[name];
  const valueOf = (key: string): number | undefined =>
    settings[key] === undefined ? undefined : settingValue(settings[key], given[key]);
  const shown = (key: string): string =>
    `${formatSize(valueOf(key) ?? 0)}${given[key] === undefined ? ', its default' : ''}`;
  /** Reports at the setting that was written; if both were, at the first. */
  const refuse = (one: string, other: string, text: string): void => {
    report(given[one] === undefined ? other : one, text);
  };

  const atLeast = (larger: string, smaller: string): void => {
    const [more, less] = [valueOf(larger), valueOf(smaller)];
    if (more !== undefined && less !== undefined && more < less)
      refuse(
        larger,
        smaller,
        `expected ${larger} to be at least ${smaller}, ${shown(smaller)}, and it is ${shown(larger)}`,
      );
  };
  atLeast('maxSize', 'minSize');
  atLeast('liveSize', 'objectSize');

  const [low, high] = [valueOf('low'), valueOf('high')];
  if (low !== undefined && high !== undefined && low >= high)
    refuse('high', 'low', `expected low to be less than high, ${shown('high')}, and it is ${shown('low')}`);

  const [live, object] = [valueOf('liveSize'), valueOf('objectSize')];
  if (live !== undefined && object !== undefined && live / object > mostObjects)
    refuse(
      'liveSize',
      'objectSize',
      `expected at most ${formatSize(object * mostObjects)}, 2^26 objects of ${shown('objectSize')}, got ${shown('liveSize')}`,
    );

  const [touched, stack] = [valueOf('touchSize'), valueOf('stackSize')];
  if (touched !== undefined && stack !== undefined && touched > stack / 2)
    refuse(
      'touchSize',
      'stackSize',
      `expected touchSize to be at most half of stackSize, ${shown('stackSize')}, and it is ${shown('touchSize')}`,
    );
}
