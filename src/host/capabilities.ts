/** Capabilities of this process (capabilities(7)), and the lockdown of the kernel. */
import { readIfThere } from './files.js';

/** Bits, include/uapi/linux/capability.h. */
const bits = { CAP_SYS_PTRACE: 19, CAP_SYS_ADMIN: 21, CAP_SYSLOG: 34, CAP_PERFMON: 38, CAP_BPF: 39 } as const;
export type CapabilityName = keyof typeof bits;

/** Those that this process cannot use. */
export function missingCapabilities<Name extends CapabilityName>(names: readonly Name[]): Name[] {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(readIfThere('/proc/self/status') ?? '')?.[1] ?? '0'}`);
  return names.filter((name) => (effective & (1n << BigInt(bits[name]))) === 0n);
}

/** `none`, `integrity` or `confidentiality`; null: the kernel has no lockdown, or does not show it. */
export function lockdownMode(): string | null {
  return /\[(\w+)\]/.exec(readIfThere('/sys/kernel/security/lockdown') ?? '')?.[1] ?? null;
}
