/**
 * Reads lines `KEY=value`, as in os-release(5) and a kernel's .config, and ignores other lines. Plain JavaScript, because
 * the set-up uses it before anything is compiled.
 */

/**
 * The value of the first line of this key, as written; undefined if there is none.
 * @param {string} text
 * @param {string} key
 * @returns {string | undefined}
 */
export function valueIn(text, key) {
  const name = key.replace(/[^\w]/g, String.raw`\$&`);
  return new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1];
}

/**
 * All keys of word characters, with the value of the last line of each.
 * @param {string} text
 * @returns {Map<string, string>}
 */
export function valuesIn(text) {
  return new Map([...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, key = '', value = '']) => [key, value]));
}
