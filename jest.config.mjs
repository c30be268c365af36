/** One Jest configuration for every suite; folders choose what runs (`npm run jest -- libs/meta`). */
export default {
  testEnvironment: '<rootDir>/test/support/jest/environment.mjs',
  testMatch: ['<rootDir>/libs/**/*.spec.ts', '<rootDir>/apps/**/*.spec.ts', '<rootDir>/test/**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2024',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  moduleNameMapper: {
    '^#model/testing$': '<rootDir>/libs/model/src/testing/index.ts',
    '^#(std|meta|cel|model|pod|kinds|loops|ports|engine|node-gateway|scaler|agent|adapters|http|terminal|nest|sim)$':
      '<rootDir>/libs/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  // One more than CI has cores: suites that start clusters mostly wait for them.
  maxWorkers: 3,
  testSequencer: '<rootDir>/test/long-suites-first.mjs',
  // What hangs is found; what is slow on a loaded machine is no failure. So no test has a time-out of its own without need.
  testTimeout: 600_000,
};
