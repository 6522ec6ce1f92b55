// One configuration for every package. Sources are mapped, so tests need no build;
// the few that test the built packages say so and find dist/ built by `npm test`.
const project = {
  rootDir: import.meta.dirname,
  testEnvironment: '<rootDir>/scripts/closed-at-the-end.js',
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
};

/** The tests of `@locmem/nestjs` under one version of Nest. */
const underNest = (version, resolver) => ({
  ...project,
  displayName: `nest ${version}`,
  testMatch: ['<rootDir>/packages/nestjs/test/**/*.spec.ts'],
  // What knows nothing of Nest is tested once.
  testPathIgnorePatterns: ['/node_modules/', ...(version < 12 ? ['/keys\\.spec'] : [])],
  ...resolver,
});

export default {
  projects: [
    {
      ...project,
      displayName: 'locmem',
      testMatch: [
        '<rootDir>/packages/*/test/**/*.spec.ts',
        '<rootDir>/examples/*/test/**/*.spec.ts',
      ],
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/packages/nestjs/'],
    },
    underNest(10, { resolver: '<rootDir>/packages/nestjs/test/nest-10/resolver.cjs' }),
    underNest(11, { resolver: '<rootDir>/packages/nestjs/test/nest-11/resolver.cjs' }),
    underNest(12),
  ],
  // What hangs fails; what is slow because the machine is busy does not.
  testTimeout: 30_000,
  reporters: ['default', './scripts/plain-reporter.js'],
};
