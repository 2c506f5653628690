/**
 * Preemption models, as `preempt=` on the kernel's command line names them (kernel/sched/core.c), from the least
 * preemptible to the most. `lazy` exists since 6.13.
 */
export const preemptionModels = ['none', 'voluntary', 'lazy', 'full'] as const;
export type PreemptionModel = (typeof preemptionModels)[number];
