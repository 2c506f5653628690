/**
 * CONFIG_EXPERT shows options that are on by default and cannot be switched off without it, such as SYSCTL. allnoconfig
 * switches off all that it may, so with EXPERT=y a kernel would lose them. So the kernel is first configured without
 * EXPERT, and what it then has is kept. Pure.
 */
import { configOption } from '../../host/kernel-config.js';

/** EMBEDDED, which older kernels have, switches EXPERT on. */
const revealing = ['EXPERT', 'EMBEDDED'];

/** Part of what identifies a build. A cache may still have builds of a pauselab that kept no defaults. */
export const keptMethod = 'defaults of hidden options are kept';

export function revealsOptions(options: string): boolean {
  return revealing.some((name) => configOption(options, name) === 'y');
}

export function withoutRevealing(options: string): string {
  return linesOf(options)
    .filter((line) => !revealing.includes(nameIn(line) ?? ''))
    .join('');
}

/** What `config` has, and `options` above it: a line of an option that `options` names is left out. */
export function keptBelow(config: string, options: string): string {
  const named = new Set(linesOf(options).map(nameIn));
  const kept = linesOf(config).filter((line) => {
    const name = nameIn(line);
    return name !== undefined && !named.has(name);
  });
  return [...kept, options].join('');
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => `${line}\n`);
}

function nameIn(line: string): string | undefined {
  return /^(?:# )?CONFIG_(\w+)(?:=| is not set$)/m.exec(line)?.[1];
}
