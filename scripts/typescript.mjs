// Lets Node run the TypeScript of this tree as it lies: `node --import ./scripts/typescript.mjs test/torture/main.ts`.
import { register } from 'node:module';

register('./typescript/hooks.mjs', import.meta.url);
