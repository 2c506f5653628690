/**
 * Preemption models of a kernel, as `preempt=` of its command line names them (kernel/sched/core.c), from the least
 * willing to give way to the most; lazy from 6.13 on.
 */
export const preemptionModels = ['none', 'voluntary', 'lazy', 'full'] as const;
export type PreemptionModel = (typeof preemptionModels)[number];
