/** Every key of every object of a schema. */
export function keysOf(schema: unknown): Set<string> {
  const keys = new Set<string>();
  JSON.stringify(schema, (key, value: unknown) => {
    if (key === 'properties') for (const name of Object.keys(value as object)) keys.add(name);
    return value;
  });
  return keys;
}
