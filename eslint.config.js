import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const noDefaultExports = {
  selector: 'ExportDefaultDeclaration, ExportSpecifier[exported.name="default"]',
  message: 'Export by name: a name that can be searched for is the same everywhere.',
};

const noProcessExit = {
  selector: 'CallExpression[callee.object.name="process"][callee.property.name=/^(exit|reallyExit|abort)$/]',
  message: 'Set process.exitCode in main.ts instead: exit() cuts off output that is still being written.',
};

const noWallClock = {
  selector: 'CallExpression[callee.object.name="Date"][callee.property.name="now"]',
  message:
    'Use src/base/clock.ts: monotonic_ms() for durations and deadlines, since the wall clock can be set; wallClock_ms() for timestamps.',
};

const noSilentSkip = {
  selector: 'MemberExpression[property.name=/^(skipIf|runIf)$/]',
  message: 'Use skip(condition, reason) of the test, or skipEach of test/support: a skipped test says why.',
};

export default defineConfig(
  { ignores: ['**/node_modules/', 'dist/', 'native/', 'coverage/', '.setup/', 'pauselab-results/'] },
  {
    files: ['**/*.ts', '**/*.mjs', '**/*.js'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { project: './tsconfig.test.json', tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'prefer-const': 'error',
      'no-restricted-syntax': ['error', noDefaultExports, noProcessExit],
      'no-restricted-imports': [
        'error',
        {
          paths: [
            { name: 'node:process', importNames: ['exit', 'abort'], message: noProcessExit.message },
            { name: 'vitest', importNames: ['it'], message: 'Use test: one name for one thing.' },
          ],
        },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // `const { left, ...kept } = all` leaves out `left`.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // `type` for a union or a function, `interface` for a shape: both are used.
      '@typescript-eslint/consistent-type-definitions': 'off',
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/base/clock.ts'],
    rules: { 'no-restricted-syntax': ['error', noDefaultExports, noProcessExit, noWallClock] },
  },
  {
    files: ['test/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', noDefaultExports, noProcessExit, noSilentSkip] },
  },
  {
    // Scripts that run before anything is installed are plain JavaScript without types.
    files: ['**/*.mjs', '**/*.js'],
    rules: {
      ...tseslint.configs.disableTypeChecked.rules,
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
    },
  },
  {
    // The programs that read these files load them by default export.
    files: ['*.config.ts', '*.config.js', 'scripts/test/reporter.mjs'],
    rules: { 'no-restricted-syntax': ['error', noProcessExit] },
  },
);
