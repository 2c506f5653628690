/** Reads the options of a kernel's .config that matter for measurements. Pure: works on the file's text. */
import { valueIn, valuesIn } from '../base/key-values.mjs';
import { preemptionModels, type PreemptionModel } from '../profile/check/preemption.js';

const symbols: Record<PreemptionModel, string> = {
  none: 'PREEMPT_NONE',
  voluntary: 'PREEMPT_VOLUNTARY',
  lazy: 'PREEMPT_LAZY',
  full: 'PREEMPT',
};

/** `y`, `250`, `"gcc-14"`; undefined if it is not set. */
export function configOption(config: string, name: string): string | undefined {
  return valueIn(config, `CONFIG_${name}`);
}

/** Options that are set, by names without `CONFIG_`. */
export function configOptions(config: string): Map<string, string> {
  const prefix = 'CONFIG_';
  const options = [...valuesIn(config)].filter(([key]) => key.startsWith(prefix));
  return new Map(options.map(([key, value]) => [key.slice(prefix.length), value]));
}

/** Whether this kernel's Kconfig offered the option: only then does a .config mention it, set or not set. */
export function configOffers(config: string, name: string): boolean {
  return configOption(config, name) !== undefined || new RegExp(`^# CONFIG_${name} is not set$`, 'm').test(config);
}

export function configHz(config: string): number | null {
  return Number(configOption(config, 'HZ')) || null;
}

/** In force unless the command line overrides it. */
export function configuredPreemption(config: string): PreemptionModel | null {
  // PREEMPT_LAZY comes before PREEMPT: older trees select PREEMPT for every preemptible model.
  return (
    (['lazy', 'full', 'voluntary', 'none'] as const).find((model) => configOption(config, symbols[model]) === 'y') ??
    null
  );
}

/**
 * The models that `preempt=` can select. With PREEMPT_DYNAMIC, these are the models that the kernel's Kconfig offers:
 * since 7.0 an x86 kernel has neither `none` nor `voluntary`, and its .config does not mention them.
 */
export function bootablePreemption(config: string): PreemptionModel[] {
  const configured = configuredPreemption(config);
  if (configOption(config, 'PREEMPT_DYNAMIC') !== 'y') return configured === null ? [] : [configured];
  return preemptionModels.filter((model) => configOffers(config, symbols[model]));
}
