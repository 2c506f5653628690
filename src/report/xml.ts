/** Escapes any text for XML 1.0; characters that cannot be escaped are replaced. */
export function xmlText(text: string): string {
  return (
    text
      // Unpaired surrogates, characters that XML 1.0 excludes, and control characters that it discourages and a
      // terminal obeys.
      .replace(/[^\t\n\r\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
      .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
      .replace(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`)
  );
}

/** `<name a="b">inside</name>`; `inside` is XML already. Attributes that are null are omitted. */
export function xmlElement(
  name: string,
  attributes: Readonly<Record<string, string | number | null>>,
  inside: readonly string[] = [],
): string {
  const written = Object.entries(attributes)
    .flatMap(([key, value]) => (value === null ? [] : [` ${key}="${xmlText(String(value))}"`]))
    .join('');
  if (inside.length === 0) return `<${name}${written}/>`;
  return `<${name}${written}>${inside.join('')}</${name}>`;
}
