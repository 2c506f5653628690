import { parseSize } from '../../base/text/units.js';
import { defaultValue, ioHogsAtMost } from './defaults.js';
import { expandThread } from './expand-thread.js';
import type { NativeArm } from './resolved.js';
import type { ArmSettings, Basics } from './settings.js';

export function expandIoHogs(ioHogs: ArmSettings['ioHogs'], basics: Basics): Pick<NativeArm, 'ioHogs'> {
  if (ioHogs === 'none') return {};
  const { count, fileSize, atMost = usualMostBytes(basics) } = ioHogs;
  return {
    ioHogs: { count, fileBytes: fileSize, mostBytes: atMost, ...expandThread(ioHogs), active: true },
  };
}

function usualMostBytes({ warmup, duration }: Basics): number {
  const bytes = ((warmup + duration) / 1e9) * defaultValue(parseSize(ioHogsAtMost.perSecond));
  return Math.min(Math.ceil(bytes), defaultValue(parseSize(ioHogsAtMost.limit)));
}
