// Lets Node run this tree's TypeScript without a build: `node --import ./scripts/typescript.mjs test/torture/main.ts`.
import { register } from 'node:module';

register('./typescript/hooks.mjs', import.meta.url);
