/** Names of the forms that a bundle can be exported in. They are apart from the code, so that --help does not load it. */
export const exportFormats = ['csv', 'bencher', 'github-action-benchmark', 'openmetrics'] as const;
export type ExportFormat = (typeof exportFormats)[number];
