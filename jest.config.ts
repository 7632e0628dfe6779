/** @jest-config-loader esbuild-register */
// Node 20 reads no TypeScript by itself; the docblock names Jest's loader for this file.
import type { Config } from 'jest';

// Tests and what they start leave the user's cache and history alone, and none finds what another has written; those of the cache and the history have their own.
process.env['ELF_PLUGIN_CACHE'] = '';
process.env['ELF_PLUGIN_REPL_HISTORY'] = '';

const config: Config = {
  testEnvironment: 'node',
  roots: ['<rootDir>/lib', '<rootDir>/scripts'],
  // Sources import './x.js', as the built files do; the source beside it is x.ts.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['ts-jest', {}] },
  testTimeout: 60_000,
  // Jest leaves one processor to itself otherwise, which does little.
  maxWorkers: '100%',
};

export default config;
