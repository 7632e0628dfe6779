'use strict';

const { defineConfig } = require('eslint/config');
const tseslint = require('typescript-eslint');

module.exports = defineConfig(
  { ignores: ['dist/', 'build/', 'coverage/', 'fixtures/', 'eslint.config.js'] },
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: __dirname } },
    rules: {
      // Sizes and offsets in messages are numbers, addresses bigints: both print as meant.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // What few programs need is loaded when they need it: a module takes 0.3 ms.
      '@typescript-eslint/no-require-imports': 'off',
    },
  },
);
