import jupyterlabConfig from '@jupyterlab/testing/lib/jest-config.js';

const base = jupyterlabConfig(import.meta.dirname);

/** Packages published as ES modules only, which jest must turn into CommonJS first. */
const esModules = [
  '@codemirror',
  '@jupyter',
  '@jupyterlab',
  '@lumino',
  '@marijn',
  '@microsoft',
  '@rjsf',
  'color',
  'exenv-es6',
  'lib0',
  'marked',
  'nanoid',
  'vscode-ws-jsonrpc',
  'y-protocols',
  'yjs'
].join('|');

/** @type {import('jest').Config} */
export default {
  ...base,
  roots: ['<rootDir>/labextension/test'],
  testRegex: '\\.spec\\.tsx?$',
  testPathIgnorePatterns: ['/node_modules/'],
  reporters: ['default'],
  collectCoverageFrom: ['labextension/src/**/*.{ts,tsx}'],
  testTimeout: 30_000,
  restoreMocks: true,
  transform: {
    '\\.svg$': '@jupyterlab/testing/lib/jest-raw-loader.js',
    // swc only strips types, which keeps jest fast; `jlpm check:types` checks them, tests included.
    '\\.[cm]?[jt]sx?$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', tsx: true },
          transform: { react: { runtime: 'classic' } },
          target: 'es2022'
        },
        module: { type: 'commonjs' }
      }
    ]
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esModules})/)`]
};
