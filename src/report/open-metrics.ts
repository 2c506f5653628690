/** OpenMetrics text, version 1.0 (draft-richih-opsawg-openmetrics). */
export interface MetricFamily {
  readonly name: string;
  readonly type: 'gauge' | 'info';
  /** May be empty. The name ends with it. */
  readonly unit: string;
  readonly help: string;
  readonly samples: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

export function openMetricsOf(families: readonly MetricFamily[]): string {
  return `${families.flatMap(familyLines).join('\n')}\n# EOF\n`;
}

function familyLines({ name, type, unit, help, samples }: MetricFamily): string[] {
  return [
    `# TYPE ${name} ${type}`,
    ...(unit === '' ? [] : [`# UNIT ${name} ${unit}`]),
    `# HELP ${name} ${escaped(help)}`,
    ...samples.map(
      ({ labels, value }) =>
        `${name}${type === 'info' ? '_info' : ''}{${Object.entries(labels)
          .map(([key, text]) => `${key}="${escaped(text)}"`)
          .join(',')}} ${value}`,
    ),
  ];
}

function escaped(text: string): string {
  return Buffer.from(text)
    .toString()
    .replace(/[\\"]/g, (character) => `\\${character}`)
    .replace(/\r/g, ' ')
    .replace(/\n/g, '\\n');
}
