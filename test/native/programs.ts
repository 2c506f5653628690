import { fileURLToPath } from 'node:url';

export function nativeProgram(name: string): string {
  return fileURLToPath(new URL(`../../native/build/Release/${name}`, import.meta.url));
}
