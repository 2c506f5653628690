/** Limits of a process, by their names in getrlimit(2) in lower case. */
export const limitNames = ['as', 'core', 'data', 'fsize', 'memlock', 'nofile', 'nproc', 'stack'] as const;
export type LimitName = (typeof limitNames)[number];
