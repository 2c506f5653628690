/** A kernel's .config, as far as it decides what is measured. Pure: what is asked of is the file's text. */
import { valueIn, valuesIn } from '../base/key-values.mjs';
import { preemptionModels, type PreemptionModel } from '../profile/check/preemption.js';

const symbols: Record<PreemptionModel, string> = {
  none: 'PREEMPT_NONE',
  voluntary: 'PREEMPT_VOLUNTARY',
  lazy: 'PREEMPT_LAZY',
  full: 'PREEMPT',
};

/** `y`, `250`, `"gcc-14"`; undefined where it is not set. */
export function configOption(config: string, name: string): string | undefined {
  return valueIn(config, `CONFIG_${name}`);
}

/** What is set, by names without `CONFIG_`. */
export function configOptions(config: string): Map<string, string> {
  const prefix = 'CONFIG_';
  const options = [...valuesIn(config)].filter(([key]) => key.startsWith(prefix));
  return new Map(options.map(([key, value]) => [key.slice(prefix.length), value]));
}

/** Whether this kernel's Kconfig let the option be chosen: only then does a .config name it, set or not set. */
export function configOffers(config: string, name: string): boolean {
  return configOption(config, name) !== undefined || new RegExp(`^# CONFIG_${name} is not set$`, 'm').test(config);
}

export function configHz(config: string): number | null {
  return Number(configOption(config, 'HZ')) || null;
}

/** What is in force unless the command line says something else. */
export function configuredPreemption(config: string): PreemptionModel | null {
  // PREEMPT_LAZY before PREEMPT: older trees select the second for all that can preempt.
  return (
    (['lazy', 'full', 'voluntary', 'none'] as const).find((model) => configOption(config, symbols[model]) === 'y') ??
    null
  );
}

/**
 * What `preempt=` can choose. With PREEMPT_DYNAMIC it is what the kernel's Kconfig offers: since 7.0 an x86 kernel
 * knows no `none` and no `voluntary`, and its .config does not mention them.
 */
export function bootablePreemption(config: string): PreemptionModel[] {
  const configured = configuredPreemption(config);
  if (configOption(config, 'PREEMPT_DYNAMIC') !== 'y') return configured === null ? [] : [configured];
  return preemptionModels.filter((model) => configOffers(config, symbols[model]));
}
