// One configuration for every package. Sources are mapped, so tests need no build;
// the few that test the built packages say so and find dist/ built by `npm test`.
export default {
  testEnvironment: '<rootDir>/scripts/closed-at-the-end.js',
  testMatch: ['<rootDir>/packages/*/test/**/*.spec.ts', '<rootDir>/examples/*/test/**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^@locmem/([^/]+)$': '<rootDir>/packages/$1/src/index.ts',
    '^@locmem/([^/]+)/testing$': '<rootDir>/packages/$1/src/testing/index.ts',
    '^@locmem/([^/]+)/(.+)$': '<rootDir>/packages/$1/src/$2.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          keepClassNames: true,
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  setupFiles: ['<rootDir>/scripts/one-seed-in-ci.js'],
  reporters: ['default', './scripts/plain-reporter.js'],
};
